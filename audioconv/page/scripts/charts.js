// Line charts by uPlot, made anew when the colours change.

/**
 * Show a chart in a place.
 * @param {HTMLElement} place
 * @param {Array<Array<number|null>>} columns x, and each series
 * @param {function(): object} options for uPlot, in the colours of now
 */
function chart(place, columns, options) {
  let plot = null;
  const make = () => {
    plot?.destroy();
    const width = place.clientWidth;
    plot = new uPlot(
      {
        width,
        height: width < 600 ? 300 : 360,
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { show: false } },
        ...options(),
      },
      columns,
      place,
    );
  };
  let wide = place.clientWidth;
  new ResizeObserver(() => {
    if (place.clientWidth === wide || !place.clientWidth) return;
    wide = place.clientWidth;
    make();
  }).observe(place);
  document.addEventListener("themed", make);
  make();
}

/** Return a thin axis with a label. */
function chartAxis(label, options = {}) {
  return {
    label,
    size: 30,
    labelSize: 24,
    labelGap: 0,
    labelFont: `13px ${theme.plain}`,
    font: `12px ${theme.plain}`,
    stroke: theme.quiet,
    grid: { stroke: theme.line, width: 0.5 },
    ticks: { stroke: theme.strong, width: 1, size: 5 },
    ...options,
  };
}

/** Draw on a chart in CSS pixels, with places given in its own numbers. */
function onChart(draw) {
  return (plot) => {
    const context = plot.ctx;
    const sharp = window.devicePixelRatio || 1;
    context.save();
    context.scale(sharp, sharp);
    const x = (value) => plot.valToPos(value, "x", true) / sharp;
    const y = (value) => plot.valToPos(value, "y", true) / sharp;
    const { left, top, width, height } = plot.bbox;
    const box = {
      left: left / sharp,
      top: top / sharp,
      width: width / sharp,
      height: height / sharp,
    };
    draw(context, x, y, box);
    context.restore();
  };
}
