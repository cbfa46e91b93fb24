// Single keys: J and K move, O opens, / searches, ? shows what works here. Every one can be switched off.
"use strict";
(() => {
  const house = (window.Watchfloor = window.Watchfloor || {});
  const on = () => document.body.dataset.singleKeys === "on";
  const typing = (place) => place.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  const visible = (place) => place.offsetParent !== null && !place.disabled && place.getAttribute("aria-disabled") !== "true";
  const declared = () => [...document.querySelectorAll("[data-key]")].filter(visible);

  function press(place) {
    if (place.matches("summary")) {
      place.parentElement.open = true;
      const fields = [...place.parentElement.querySelectorAll("textarea, select, input:not([type=hidden]), details > summary")];
      const field = fields.find((one) => one !== place && (one.checkVisibility ? one.checkVisibility() : visible(one)));
      if (field) field.focus();
    } else if (place.matches("input:not([type=checkbox], [type=radio]), textarea, select")) place.focus();
    else place.click();
  }

  function open() {
    const row = house.rows?.current();
    const target = row && row.querySelector("a[href]");
    if (target) target.click();
  }

  function search() {
    const field = [...document.querySelectorAll("[data-search-here]"), ...document.querySelectorAll("[data-search]")].find(visible);
    if (field) { field.focus(); field.select(); }
  }

  const fixed = {
    j: ["Next", () => house.rows?.step(1), "[data-row]"],
    k: ["Previous", () => house.rows?.step(-1), "[data-row]"],
    o: ["Open", open, "[data-row]"],
    "/": ["Search", search, "[data-search], [data-search-here]"],
    "?": ["These keys", showSheet, "#sheet"],
  };

  function row(label, names) {
    const line = document.createElement("div");
    line.className = "sheet-row";
    const term = document.createElement("dt");
    const keys = document.createElement("dd");
    term.textContent = label;
    for (const name of names) {
      const key = document.createElement("kbd");
      key.className = "key";
      key.textContent = name.length === 1 ? name.toUpperCase() : name;
      keys.append(key);
    }
    line.append(term, keys);
    return line;
  }

  function group(title, lines) {
    const part = document.createElement("section");
    const heading = document.createElement("h3");
    const list = document.createElement("dl");
    heading.textContent = title;
    list.append(...lines);
    part.append(heading, list);
    return part;
  }

  function showSheet() {
    const sheet = document.getElementById("sheet");
    if (!sheet || sheet.open) return;
    const place = sheet.querySelector("[data-sheet]");
    const here = new Set();
    const acts = [];
    for (const element of declared()) {
      const key = element.dataset.key;
      if (here.has(key)) continue;
      here.add(key);
      const said = element.dataset.keyLabel || element.getAttribute("aria-label") || element.innerText.replace(/\s+/g, " ").trim();
      acts.push(row(said, [key]));
    }
    const has = (selector) => document.querySelector(selector);
    const moves = ["j", "k", "o"].filter((key) => has(fixed[key][2])).map((key) => row(fixed[key][0], key === "o" ? ["o", "Enter"] : [key]));
    const groups = [];
    if (moves.length) groups.push(group("Move", moves));
    if (acts.length) groups.push(group("Act", acts));
    groups.push(group("Page", ["/", "?"].filter((key) => has(fixed[key][2])).map((key) => row(fixed[key][0], [key]))));
    place.replaceChildren(...groups);
    sheet.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!on() || typing(event.target) || document.querySelector("dialog[open]")) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const place = declared().find((element) => element.dataset.key === name);
    if (place) { event.preventDefault(); press(place); return; }
    const entry = fixed[name];
    if (entry && document.querySelector(entry[2])) { event.preventDefault(); entry[1](); }
  });

  // Ctrl and Enter sends the form that one writes in.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest("form");
    if (form && event.target.matches("textarea")) { event.preventDefault(); form.requestSubmit(); }
  });

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      await navigator.clipboard?.writeText(copy.dataset.copy).then(() => house.say?.("Copied"), () => undefined);
    }
    if (event.target.closest("[data-show-sheet]")) { event.preventDefault(); showSheet(); }
  });

  Object.assign(house, { keys: { showSheet } });
})();
