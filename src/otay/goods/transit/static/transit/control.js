// The control room: positions come as server-sent events; where no stream is free the page asks every three seconds.
import { maps } from "./map.js";

const room = document.querySelector("[data-transit-control]");
const map = maps[0];
const states = JSON.parse(room.dataset.states);
const severities = JSON.parse(room.dataset.severities);
const POLL = 3000;
const STORE = "otay-transit-sound";
const SVG = "http://www.w3.org/2000/svg";
let pulse = "";
let known = null;
let polling = null;
let stream = null;

function draw(movements) {
  const focused = document.activeElement?.getAttribute?.("href");
  const kept = new Map([...map.marks.querySelectorAll("a")].map((link) => [link.getAttribute("href"), link]));
  for (const one of movements) {
    if (one.lat === null) continue;
    const href = room.dataset.movement.replace("MRN", encodeURIComponent(one.mrn));
    const link = kept.get(href) || add(href);
    kept.delete(href);
    const [x, y] = map.place(one.lon, one.lat);
    const mark = link.querySelector("circle");
    const label = [one.vehicle, states[one.state], one.risk && severities[one.risk]].filter(Boolean).join(", ");
    mark.setAttribute("cx", x.toFixed(2));
    mark.setAttribute("cy", y.toFixed(2));
    mark.setAttribute("class", `transit-mark transit-mark--${one.risk || "calm"}`);
    mark.querySelector("title").textContent = label;
    link.setAttribute("aria-label", label);
  }
  for (const [href, link] of kept) if (href !== focused) link.remove();
  map.show();
}

function add(href) {
  const link = document.createElementNS(SVG, "a");
  const mark = document.createElementNS(SVG, "circle");
  mark.append(document.createElementNS(SVG, "title"));
  link.setAttribute("href", href);
  link.append(mark);
  map.marks.append(link);
  return link;
}

function take(feed) {
  if (feed.pulse === pulse) return;
  const first = pulse === "";
  pulse = feed.pulse;
  draw(feed.movements);
  const fresh = known === null ? [] : feed.ringing.filter((number) => !known.has(number));
  known = new Set(feed.ringing);
  if (fresh.length) ring(fresh.length);
  if (!first) for (const id of ["queue", "moving"]) {
    const part = document.getElementById(id);
    if (!part.contains(document.activeElement)) window.htmx?.trigger(part, "refresh");
  }
}

async function poll() {
  if (document.hidden || paused()) return;
  try {
    const answer = await fetch(room.dataset.feed, { headers: { Accept: "application/json" } });
    if (answer.ok) take(await answer.json());
  } catch { /* the live switch tells of a node that does not answer */ }
}

const paused = () => localStorage.getItem("otay-refresh") === "paused";

function listen() {
  if (!("EventSource" in window)) { startPolling(); return; }
  stream = new EventSource(room.dataset.stream);
  stream.addEventListener("feed", (event) => { if (!paused()) take(JSON.parse(event.data)); });
  stream.onerror = () => { if (stream.readyState === EventSource.CLOSED) startPolling(); };
}

function startPolling() {
  if (polling) return;
  poll();
  polling = setInterval(poll, POLL);
}

// A page in the background lets its stream go, for others.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { stream?.close(); stream = null; }
  else if (!stream && !polling) listen();
});
window.addEventListener("pagehide", () => stream?.close());

const sound = document.querySelector("[data-sound]");
let audio = null;
function showSound() {
  const on = localStorage.getItem(STORE) === "on";
  sound.setAttribute("aria-pressed", String(on));
  sound.textContent = on ? sound.dataset.on : sound.dataset.off;
}
sound.addEventListener("click", () => {
  localStorage.setItem(STORE, localStorage.getItem(STORE) === "on" ? "off" : "on");
  showSound();
  if (localStorage.getItem(STORE) === "on") beep(1);
});
showSound();

function ring(count) {
  const announce = document.querySelector("[data-announce]");
  announce.textContent = `${announce.dataset.text} ${count}`;
  if (localStorage.getItem(STORE) === "on") beep(3);
}

function beep(times) {
  audio ||= new AudioContext();
  for (let turn = 0; turn < times; turn += 1) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = 880;
    volume.gain.value = 0.15;
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + turn * 0.35);
    tone.stop(audio.currentTime + turn * 0.35 + 0.2);
  }
}

listen();
