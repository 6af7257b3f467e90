// Things on a canvas that a mouse, a pen or a finger can drag.

/**
 * Let things on a canvas be dragged. A finger that presses on nothing scrolls the page.
 *
 * `grab` returns, for a place on the canvas, what to do with each place that the pointer moves to,
 * or null if nothing is there. It is also asked without a press, so it must change nothing. Its
 * third argument is whether the pointer is a mouse, which does not scroll by dragging.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {function(number, number, boolean): ?function(number, number): void} grab
 */
export function draggable(canvas, grab) {
  let move = null;
  let held = null; // the pointer that drags
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    move = grab(...placeOn(canvas, event), event.pointerType === "mouse");
    if (!move) return;
    held = event.pointerId;
    canvas.setPointerCapture(held);
  });
  canvas.addEventListener("pointermove", (event) => {
    const place = placeOn(canvas, event);
    if (move && event.pointerId === held) move(...place);
    else if (!move) canvas.classList.toggle("grab", grab(...place) !== null);
  });
  canvas.addEventListener("lostpointercapture", () => {
    move = null;
  });
  // or the browser would scroll, and cancel the drag
  canvas.addEventListener(
    "touchstart",
    (event) => {
      if (grab(...placeOn(canvas, event.changedTouches[0]))) event.preventDefault();
    },
    { passive: false },
  );
}

/** Return the place of a pointer on a canvas. */
function placeOn(canvas, { clientX, clientY }) {
  const { left, top } = canvas.getBoundingClientRect();
  return [clientX - left, clientY - top];
}
