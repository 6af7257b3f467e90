// A chart over two axes. A slider, or a pointer on the chart, reads it at given stops.

import { chartAxes } from "./axes.js";
import { Figure, rule, theme, trackPointer } from "./canvas.js";
import { slider } from "./controls.js";
import { element, setText } from "./dom.js";

const MARGIN = { left: 60, right: 16, top: 12, bottom: 48 };

/**
 * Show a chart in the canvas, the slider and the paragraph that a section has for it.
 *
 * `draw` is given the context, the chart's box, and a function from places on x and values on y to
 * points of the canvas; a value of null has no point. `read` returns, for the number of a stop, its
 * text and the marks to set there, each a value and the name of a colour.
 *
 * @param {string} section id
 * @param {object} x scale, with a label
 * @param {object} y scale, with a label
 * @param {number[]} stops on x, increasing
 * @param {number} start the stop to begin with
 * @param {function(CanvasRenderingContext2D, object, function): void} draw
 * @param {function(number): {text: string, marks: Array}} read
 */
export function showChart(section, { x, y, stops, start = 0, draw, read }) {
  const canvas = element(`${section}-chart`);
  const range = element(`${section}-position`);
  const figure = new Figure(canvas, chartHeight, (context, width) => {
    const box = chartBox(width);
    const points = (places, values) =>
      places.map((place, i) =>
        values[i] === null
          ? null
          : {
              x: box.left + x.share(place) * box.width,
              y: box.top + (1 - y.share(values[i])) * box.height,
            },
      );
    const stop = Number(range.value);
    const across = box.left + x.share(stops[stop]) * box.width;
    chartAxes(context, box, x, y);
    rule(context, across, box.top, across, box.top + box.height, theme.quiet, [3, 3]);
    draw(context, box, points);
    for (const [value, colour] of read(stop).marks) {
      const [point] = points([stops[stop]], [value]);
      if (point && point.y <= box.top + box.height) drawRing(context, point, theme[colour]);
    }
  });
  const show = (stop) => {
    const { text } = read(stop);
    setText(element(`${section}-reading`), text);
    range.setAttribute("aria-valuetext", text);
    figure.change();
  };
  range.max = stops.length - 1;
  range.value = start;
  slider(range, show);
  trackPointer(
    canvas,
    (across) => {
      const box = chartBox(canvas.clientWidth);
      const share = (across - box.left) / box.width;
      const distances = stops.map((stop) => Math.abs(x.share(stop) - share));
      range.value = distances.indexOf(Math.min(...distances));
      show(Number(range.value));
    },
    true,
  );
}

function chartHeight(width) {
  return width < 700 ? 300 : 360;
}

function chartBox(width) {
  return {
    left: MARGIN.left,
    top: MARGIN.top,
    width: width - MARGIN.left - MARGIN.right,
    height: chartHeight(width) - MARGIN.top - MARGIN.bottom,
  };
}

function drawRing(context, { x, y }, colour) {
  context.fillStyle = theme.ground;
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, 4, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
  context.lineWidth = 1;
}
