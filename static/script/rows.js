// One current row: highlight, preview and keys act on the same case, and nothing moves under the pointer.
"use strict";
(() => {
  const house = (window.Watchfloor = window.Watchfloor || {});
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
  const current = () => document.querySelector('[data-row][aria-current="true"]');
  const link = (row) => row.querySelector("a[href]") || row;
  let asked = 0;

  function mark(row) {
    for (const other of document.querySelectorAll('[data-row][aria-current="true"]')) other.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    row.classList.remove("is-unread");
    row.scrollIntoView({ block: "nearest" });
  }

  async function showPreview(row) {
    const pane = document.getElementById("preview");
    const url = row.dataset.previewUrl;
    if (!pane || !url || pane.offsetParent === null) return;
    const mine = ++asked;
    // The head changes at once; what is below may lag, so its buttons are off until it belongs to this case.
    const title = pane.querySelector("[data-preview-title]");
    const number = pane.querySelector("[data-preview-number]");
    if (title) title.textContent = link(row).textContent;
    if (number) number.textContent = row.dataset.number || "";
    const body = pane.querySelector(".preview-body");
    if (body) {
      body.setAttribute("aria-busy", "true");
      for (const button of body.querySelectorAll("button, a.button")) button.setAttribute("aria-disabled", "true");
      for (const button of body.querySelectorAll("button")) button.disabled = true;
    }
    const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (mine !== asked || !answer || !answer.ok) return;
    pane.innerHTML = await answer.text();
    if (window.htmx) window.htmx.process(pane);
    pane.scrollTop = 0;
  }

  function choose(row, focus = true) {
    if (!row) return;
    mark(row);
    if (focus) link(row).focus({ preventScroll: true });
    showPreview(row);
  }

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    choose(all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
  }

  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row || event.target.closest("a, button, input, summary, label")) return;
    choose(row);
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (row && row !== current()) choose(row, false);
  });

  // What the server says now is laid over the list without moving it: cells change in place, what is new waits.
  function lay(wrapper, html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const coming = [...fresh.querySelectorAll("[data-row]")];
    const known = new Map([...wrapper.querySelectorAll("[data-row]")].map((row) => [row.id, row]));
    if (!known.size && coming.length) return bringIn(wrapper, html);
    let unknown = 0;
    for (const next of coming) {
      const row = known.get(next.id);
      known.delete(next.id);
      if (!row) { unknown += 1; continue; }
      row.classList.remove("is-gone");
      [...next.cells].forEach((cell, index) => {
        const place = row.cells[index];
        if (!place || place.innerHTML === cell.innerHTML || place.contains(document.activeElement)) return;
        if (place.textContent.replace(/\s+/g, " ") !== cell.textContent.replace(/\s+/g, " ") && !place.querySelector("[data-due]")) {
          place.classList.add("changed");
        }
        place.innerHTML = cell.innerHTML;
      });
      row.dataset.version = next.dataset.version || "";
    }
    for (const gone of known.values()) gone.classList.add("is-gone");
    for (const name of ["data-count", "data-part"]) {
      for (const part of fresh.querySelectorAll(`[${name}]`)) {
        const place = document.querySelector(`[${name}="${part.getAttribute(name)}"]`);
        if (place && place.innerHTML !== part.innerHTML) place.innerHTML = part.innerHTML;
      }
    }
    offer(wrapper, html, unknown);
  }

  function offer(wrapper, html, unknown) {
    const place = document.querySelector("[data-new-rows]");
    if (!place) return;
    wrapper.pendingHtml = html;
    place.hidden = unknown === 0;
    if (!unknown) return;
    place.querySelector("[data-new-count]").textContent = `${unknown} new`;
    say(unknown === 1 ? "1 new case" : `${unknown} new cases`);
  }

  function bringIn(wrapper, html) {
    const id = current()?.id;
    const scroller = wrapper.closest("[data-scroll]") || wrapper;
    const top = scroller.scrollTop;
    const parsed = new DOMParser().parseFromString(html, "text/html");
    const same = wrapper.id && parsed.getElementById(wrapper.id);
    wrapper.innerHTML = same ? same.innerHTML : parsed.body.innerHTML;
    if (window.htmx) window.htmx.process(wrapper);
    scroller.scrollTop = top;
    const row = id && document.getElementById(id);
    if (row) { mark(row); link(row).focus({ preventScroll: true }); }
    const place = document.querySelector("[data-new-rows]");
    if (place) place.hidden = true;
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-new-rows] button")) return;
    const wrapper = document.querySelector('[data-refresh-mode="rows"]');
    if (wrapper?.pendingHtml) bringIn(wrapper, wrapper.pendingHtml);
  });

  let lastSaid = 0;
  let waiting = null;
  function say(sentence) {
    const place = document.getElementById("said");
    if (!place) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => { place.textContent = sentence; lastSaid = Date.now(); }, Math.max(0, 10000 - (Date.now() - lastSaid)));
  }

  Object.assign(house, { rows: { step, current, choose, lay }, say });
})();
