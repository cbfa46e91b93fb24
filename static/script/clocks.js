// One timer a second: the time of day, and what every running clock has left by the server's time.
"use strict";
(() => {
  const MINUTE = 60, HOUR = 3600, DAY = 86400;
  const pad = (n) => String(n).padStart(2, "0");
  const served = Number(document.querySelector("meta[name=server-time]")?.content);
  // The page was rendered before it arrived, so the skew is right to about a second.
  let skew = served ? served - (performance.timeOrigin + performance.now()) / 1000 : 0;

  function inWords(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    if (whole < MINUTE) return `${whole}s`;
    if (whole < 5 * MINUTE) {
      const rest = whole % MINUTE;
      return rest ? `${Math.floor(whole / MINUTE)}m ${pad(rest)}s` : `${whole / MINUTE}m`;
    }
    if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m`;
    if (whole < DAY) {
      const minutes = Math.floor((whole % HOUR) / MINUTE);
      return `${Math.floor(whole / HOUR)}h${minutes ? ` ${pad(minutes)}m` : ""}`;
    }
    const days = Math.floor(whole / DAY), hours = Math.floor((whole % DAY) / HOUR);
    const said = days === 1 ? "1 day" : `${days} days`;
    return hours && days < 3 ? `${said} ${hours}h` : said;
  }

  const now = () => Date.now() / 1000 + skew;

  function tick() {
    const at = now();
    const clock = new Date(at * 1000);
    for (const place of document.querySelectorAll("[data-now]")) {
      place.textContent = `${pad(clock.getUTCHours())}:${pad(clock.getUTCMinutes())}:${pad(clock.getUTCSeconds())}`;
    }
    for (const place of document.querySelectorAll("[data-due]")) {
      const left = Number(place.dataset.due) - at;
      const late = left < 0;
      const text = late ? `${inWords(left > -MINUTE ? -left : Math.floor(-left / MINUTE) * MINUTE)} late` : inWords(left) + (place.dataset.says === "left" ? " left" : "");
      if (place.textContent !== text) place.textContent = text;
      place.classList.toggle("tone-late", late);
      place.classList.toggle("tone-soon", !late && left <= Number(place.dataset.soon || 900));
      place.classList.toggle("tone-plain", !late && left > Number(place.dataset.soon || 900));
    }
  }

  window.Watchfloor = Object.assign(window.Watchfloor || {}, {
    now,
    inWords,
    serverTime(seconds) { skew = seconds - Date.now() / 1000; },
  });
  tick();
  setInterval(tick, 1000);
})();
