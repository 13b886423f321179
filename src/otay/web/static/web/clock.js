// The node's clock goes on between two page loads, as fast as the node plays.

export function startClock() {
  const clock = document.querySelector("[data-clock]");
  if (!clock) return;
  const start = performance.now();
  const at = Number(clock.dataset.at) * 1000;
  const speed = Number(clock.dataset.speed);
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    timeZone: clock.dataset.zone, weekday: "short", day: "numeric", month: "short", year: "numeric",
    hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  const show = () => {
    const text = format.format(new Date(at + (performance.now() - start) * speed));
    if (clock.textContent !== text) clock.textContent = text;
  };
  show();
  setInterval(show, 1000);
}
