// Files that a person drops on the page, or chooses by a button.

import { element } from "./dom.js";

/**
 * Call a function with a file that is dropped anywhere on the page, and with its part: of the two
 * halves that appear while a file is over the page, the one that it is dropped on. Of several files,
 * the first is taken.
 * @param {function(string, File, number): void} taken with part, file, and how many were dropped
 */
export function dropFiles(taken) {
  const halves = element("drop");
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  const over = (event) => event.target.closest?.("[data-part]");
  const mark = (chosen) => {
    for (const half of halves.children) half.classList.toggle("over", half === chosen);
  };
  window.addEventListener("dragenter", (event) => {
    if (isFile(event)) halves.hidden = false;
  });
  window.addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault(); // else it could not be dropped
    mark(over(event));
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) halves.hidden = true; // it left the window
  });
  window.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault(); // else the browser would open it instead of the page
    halves.hidden = true;
    const half = over(event);
    const { files } = event.dataTransfer;
    if (half && files.length) taken(half.dataset.part, files[0], files.length);
  });
}

/** Let a button open a file by an input that is not shown. */
export function fileButton(button, input, taken) {
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    if (input.files.length) taken(input.files[0]);
    input.value = ""; // so that the same file can be chosen again
  });
}
