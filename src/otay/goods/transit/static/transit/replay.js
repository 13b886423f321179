// The movement once more: a slider over its reports, by when things happened or by when they were heard of.
import { maps } from "./map.js";

const page = document.querySelector("[data-transit-replay]");
const map = maps[0];
const slider = page.querySelector("[data-slider]");
const now = page.querySelector("[data-now]");
const told = page.querySelector("[data-told]");
const heard = page.querySelector("[data-heard]");
const button = page.querySelector("[data-play]");
const zone = document.documentElement.dataset.zone || "UTC";
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short", timeZone: zone });
const SVG = "http://www.w3.org/2000/svg";
let points = [];
let alarms = [];
let timer = null;

const line = document.createElementNS(SVG, "polyline");
line.setAttribute("class", "transit-line transit-line--track");
map.element.querySelector(".transit-map__lines").append(line);

function mark(kind) {
  const circle = document.createElementNS(SVG, "circle");
  circle.setAttribute("class", `transit-mark transit-mark--${kind}`);
  map.marks.append(circle);
  return circle;
}

function move(circle, lon, lat) {
  const [x, y] = map.place(lon, lat);
  circle.setAttribute("cx", x.toFixed(2));
  circle.setAttribute("cy", y.toFixed(2));
}

function show() {
  const until = points[Number(slider.value)];
  if (!until) { now.textContent = now.dataset.none; return; }
  const when = until.time;
  const shown = points.filter((point) => point.time <= when && (!heard.checked || point.received <= when));
  const placed = shown.filter((point) => point.lat !== null);
  line.setAttribute("points", placed.map((point) => map.place(point.lon, point.lat).map((value) => value.toFixed(2)).join(",")).join(" "));
  const last = placed.at(-1);
  map.marks.replaceChildren();
  const open = alarms.filter((alarm) => (heard.checked ? alarm.heard : alarm.time) <= when);
  for (const alarm of open) if (alarm.lat !== null) move(mark("alarm"), alarm.lon, alarm.lat);
  if (last) move(mark("now"), last.lon, last.lat);
  const said = [clock.format(new Date(when))];
  if (last?.speed != null) said.push(`${Math.round(last.speed)} ${now.dataset.speed}`);
  if (last?.battery != null) said.push(`${now.dataset.battery} ${last.battery} %`);
  now.textContent = said.join(" · ");
  told.replaceChildren(...open.map((alarm) => {
    const item = document.createElement("li");
    item.textContent = `${clock.format(new Date(alarm.time))} ${alarm.kind}`;
    return item;
  }));
  map.show();
}

function play() {
  const playing = timer !== null;
  clearInterval(timer);
  timer = null;
  button.textContent = playing ? button.dataset.off : button.dataset.on;
  if (playing) return;
  if (Number(slider.value) >= points.length - 1) slider.value = "0";
  timer = setInterval(() => {
    slider.value = String(Number(slider.value) + Math.max(1, Math.round(points.length / 400)));
    show();
    if (Number(slider.value) >= points.length - 1) play();
  }, 100);
}

slider.addEventListener("input", show);
heard.addEventListener("change", show);
button.addEventListener("click", play);
fetch(page.dataset.track).then((answer) => answer.json()).then((track) => {
  ({ points, alarms } = track);
  slider.max = String(Math.max(0, points.length - 1));
  slider.value = slider.max;
  slider.disabled = points.length === 0;
  show();
});
