// The gate: the camera reads a bar or QR code where the browser can (BarcodeDetector); the phone tells where it is.

const scan = document.querySelector("[data-scan]");
const camera = document.querySelector("[data-camera]");
const state = document.querySelector("[data-scan-state]");
const find = document.getElementById("q");
const LONGEST = 20_000;

async function read() {
  const detector = new window.BarcodeDetector();
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  camera.srcObject = stream;
  camera.hidden = false;
  await camera.play();
  const ends = performance.now() + LONGEST;
  let found = "";
  while (!found && performance.now() < ends) {
    const codes = await detector.detect(camera);
    found = codes[0]?.rawValue ?? "";
    await new Promise((done) => setTimeout(done, 150));
  }
  for (const track of stream.getTracks()) track.stop();
  camera.hidden = true;
  return found;
}

if (scan && "BarcodeDetector" in window && navigator.mediaDevices) {
  scan.hidden = false;
  scan.addEventListener("click", async () => {
    try {
      const text = await read();
      const target = document.getElementById("identifier") ?? find;
      if (text) {
        target.value = text.slice(0, 40);
        if (target === find) find.form.requestSubmit();
      } else state.textContent = scan.dataset.none;
    } catch {
      state.textContent = scan.dataset.none;
    }
  });
}

const lat = document.querySelector("[data-lat]");
if (lat && navigator.geolocation) {
  navigator.geolocation.getCurrentPosition((found) => {
    lat.value = found.coords.latitude.toFixed(6);
    document.querySelector("[data-lon]").value = found.coords.longitude.toFixed(6);
  }, () => {}, { maximumAge: 60_000, timeout: 10_000 });
}
