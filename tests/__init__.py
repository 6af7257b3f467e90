"""Tests of audioconv and impulses."""
