// The bell: one socket a page; it says that something changed, and the page asks again over HTTP.
"use strict";
(() => {
  const house = (window.Watchfloor = window.Watchfloor || {});
  const topics = (document.body.dataset.topics || "").split(",").map((topic) => topic.trim()).filter(Boolean);
  const bar = document.querySelector("[data-live]");
  const word = document.querySelector("[data-live-word]");
  const panel = document.querySelector("[data-connection]");
  if (!bar || !topics.length || !window.WebSocket) return;

  const STALE_AFTER = 15000; // ms without a word from the server before the page calls itself stale
  const counts = new Map();
  const due = new Set();
  let socket = null, heardAt = Date.now(), lostAt = null, tries = 0, timer = null, wasLive = false;

  const pad = (n) => String(n).padStart(2, "0");
  function hourOf(ms) {
    const at = new Date(house.now && Date.now() - ms < 86400000 ? (house.now() * 1000 - (Date.now() - ms)) : ms);
    return `${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}`;
  }

  function show(state, text) {
    if (bar.dataset.state === state && word.textContent === text) return;
    bar.dataset.state = state;
    word.textContent = text;
    if (panel) {
      panel.hidden = state !== "stale";
      const title = panel.querySelector("[data-connection-title]");
      if (title && lostAt) title.textContent = `No live connection since ${hourOf(lostAt)} UTC`;
    }
  }

  function judge() {
    if (socket && socket.readyState === WebSocket.OPEN && !lostAt) return show("live", "Live");
    if (lostAt && Date.now() - lostAt > STALE_AFTER) return show("stale", `Stale since ${hourOf(lostAt)}`);
    if (lostAt || tries) return show("reconnecting", wasLive ? "Reconnecting" : "Connecting");
  }

  function connect() {
    clearTimeout(timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/ws/live/`);
    socket.addEventListener("open", () => socket.send(JSON.stringify({ join: topics })));
    socket.addEventListener("message", hear);
    socket.addEventListener("close", lose);
  }

  function hear(event) {
    heardAt = Date.now();
    let said;
    try { said = JSON.parse(event.data); } catch { return; }
    if (said.joined) {
      const again = wasLive;
      for (const [topic, count] of Object.entries(said.joined)) {
        // After a gap the page asks for everything that moved meanwhile; at first it is as fresh as its own rendering.
        if (again && counts.get(topic) !== count) ask(topic);
        counts.set(topic, count);
      }
      lostAt = null;
      tries = 0;
      wasLive = true;
      judge();
      return;
    }
    if (said.topic && counts.get(said.topic) !== said.n) {
      counts.set(said.topic, said.n);
      ask(said.topic);
    }
  }

  function lose(event) {
    lostAt = lostAt || Date.now();
    tries += 1;
    judge();
    // 4401: signed out meanwhile; asking over HTTP leads to the sign-in page.
    if (event && event.code === 4401) { location.reload(); return; }
    timer = setTimeout(connect, Math.min(15000, 500 * 2 ** Math.min(tries, 5)) * (0.75 + Math.random() / 2));
  }

  // Several bells at once are one question.
  let gathering = null;
  function ask(topic) {
    for (const element of document.querySelectorAll("[data-refresh-on]")) {
      const wanted = element.dataset.refreshOn.split(/[\s,]+/).filter(Boolean);
      if (wanted.some((prefix) => topic === prefix || topic.startsWith(prefix) || matches(prefix, topic))) due.add(element);
    }
    if (!gathering) gathering = setTimeout(refresh, 120);
  }

  // "agency.*.queue" stands for the queue of any agency.
  function matches(pattern, topic) {
    if (!pattern.includes("*")) return false;
    const want = pattern.split("."), have = topic.split(".");
    return want.length === have.length && want.every((part, index) => part === "*" || part === have[index]);
  }

  async function refresh() {
    gathering = null;
    const elements = [...due];
    due.clear();
    const byAddress = new Map();
    for (const element of elements) {
      if (!element.isConnected) continue;
      const url = element.dataset.refreshUrl || element.getAttribute("hx-get") || location.href;
      byAddress.set(url, [...(byAddress.get(url) || []), element]);
    }
    for (const [url, places] of byAddress) {
      const answer = await fetch(url, {
        headers: { "X-Watchfloor-Bell": "1", "HX-Request": "true" },
        credentials: "same-origin",
      }).catch(() => null);
      if (!answer) continue;
      if (answer.redirected && new URL(answer.url).pathname.startsWith("/accounts/")) { location.reload(); return; }
      if (!answer.ok) continue;
      const html = await answer.text();
      for (const place of places) put(place, html);
    }
  }

  function put(place, html) {
    if (place.dataset.refreshMode === "rows" && house.rows) { house.rows.lay(place, html); return; }
    const active = document.activeElement;
    const writing = place.contains(active) && active.matches("input, textarea, select");
    const open = place.querySelector("details.ask[open]");
    if (writing || open) {
      // Someone is writing here: what is new waits until they leave the field.
      place.addEventListener("focusout", () => setTimeout(() => { due.add(place); refresh(); }, 200), { once: true });
      return;
    }
    const parsed = new DOMParser().parseFromString(html, "text/html");
    const same = place.id && parsed.getElementById(place.id);
    const markup = same ? same.innerHTML : parsed.body.innerHTML;
    if (markup.trim() === place.innerHTML.trim()) return;
    const focused = place.contains(active) ? active.id || active.getAttribute("href") : null;
    place.innerHTML = markup;
    if (window.htmx) window.htmx.process(place);
    if (focused) {
      const again = [...place.querySelectorAll("a[href], button, [id]")].find((e) => e.id === focused || e.getAttribute("href") === focused);
      if (again) again.focus({ preventScroll: true });
    }
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-connect-now]")) { clearTimeout(timer); connect(); }
  });
  window.addEventListener("online", () => { if (lostAt) { clearTimeout(timer); connect(); } });
  setInterval(judge, 1000);
  tries = 1;
  judge();
  connect();
  Object.assign(house, { live: { state: () => bar.dataset.state, heardAt: () => heardAt } });
})();
