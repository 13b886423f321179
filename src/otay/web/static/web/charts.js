// Charts of the house: <figure data-chart> with its numbers as JSON (see the macro "chart"). Each line has its own
// dash as well as its own colour; numbers and dates are those of the page's language and the node's zone.

const COLOURS = ["#1a4480", "#a23737", "#216e1f", "#8a5a00", "#5d2b77", "#005e5d"];
const DASHES = [[], [6, 3], [2, 3], [10, 3, 2, 3], [4, 2], [1, 2]];
let loading;

function library() {
  const source = document.querySelector("script[data-uplot]").dataset.uplot;
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = () => resolve(window.uPlot);
    script.onerror = reject;
    document.head.append(script);
  });
  return loading;
}

export async function drawCharts(root) {
  const figures = [...root.querySelectorAll("[data-chart]")].filter((figure) => !figure.dataset.drawn);
  if (!figures.length) return;
  const uPlot = await library();
  for (const figure of figures) draw(uPlot, figure);
}

function draw(uPlot, figure) {
  if (figure.dataset.drawn) return;
  figure.dataset.drawn = "yes";
  const given = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const canvas = figure.querySelector(".chart__canvas");
  const language = document.documentElement.lang;
  const zone = document.documentElement.dataset.zone;
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const span = given.time && given.x.length > 1 ? given.x[given.x.length - 1] - given.x[0] : 0;
  const tick = new Intl.DateTimeFormat(language, span > 3 * 86400
    ? { timeZone: zone, day: "numeric", month: "short" }
    : { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const moment = new Intl.DateTimeFormat(language, { timeZone: zone, dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
  const x = given.time ? given.x : given.x.map((_label, index) => index);
  const bars = figure.dataset.kind === "bar";
  const axis = { stroke: "#3d4551", grid: { stroke: "#e6e6e6", width: 1 }, ticks: { stroke: "#c6cace" }, font: "13px Source Sans Pro Web, sans-serif" };
  const options = {
    width: Math.max(canvas.clientWidth, 200),
    height: 220,
    padding: given.time || bars ? undefined : [null, 36, null, null], // the last label is as wide as the others
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    scales: {
      x: { time: Boolean(given.time), range: bars ? (_u, low, high) => [low - 0.6, high + 0.6] : undefined },
      y: { range: (_u, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] },
    },
    axes: [
      { ...axis, incrs: given.time ? undefined : [1, 2, 5, 10, 20, 50],
        values: (_u, splits) => splits.map((value) => (given.time ? tick.format(new Date(value * 1000)) : given.x[value] ?? "")) },
      { ...axis, size: 56, values: (_u, splits) => splits.map((value) => (value >= 10000 ? short : number).format(value)) },
    ],
    series: [
      { label: figure.querySelector("thead th").textContent, value: (_u, value) => (value == null ? "–" : given.time ? moment.format(new Date(value * 1000)) : given.x[value]) },
      ...given.series.map((line, index) => ({
        label: line.label,
        stroke: COLOURS[index % COLOURS.length],
        fill: bars ? COLOURS[index % COLOURS.length] : undefined,
        width: 2,
        dash: bars ? undefined : DASHES[index % DASHES.length],
        points: { show: x.length < 40 && !bars },
        paths: bars ? uPlot.paths.bars({ size: [0.7, 60] }) : undefined,
        value: (_u, value) => (value == null ? "–" : number.format(value)),
      })),
    ],
    legend: { show: given.series.length > 1 || x.length > 1 },
    cursor: { y: false },
  };
  const plot = new uPlot(options, [x, ...given.series.map((line) => line.values.map((value) => (value == null ? null : Number(value))))], canvas);
  new ResizeObserver(() => plot.setSize({ width: Math.max(canvas.clientWidth, 200), height: 220 })).observe(canvas);
}
