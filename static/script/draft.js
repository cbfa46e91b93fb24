// A draft is saved as one types: the form is sent, and what stands beside it is taken from the answer. The form itself is never replaced.
"use strict";
(() => {
  const form = document.querySelector("form[data-draft]");
  if (!form) return;

  // The chosen step stands in sight in a graph that is wider than its place.
  const chosen = document.querySelector("#draft-graph .node-current .node-box");
  const around = document.querySelector("#draft-graph .graph-scroll");
  if (chosen && around) {
    around.scrollLeft = chosen.x.baseVal.value - around.clientWidth / 2;
    around.scrollTop = chosen.y.baseVal.value - around.clientHeight / 2;
  }

  const WAIT = 700; // ms after the last key
  let timer = null, saving = null, dirty = false, halted = false;

  function put(page, isStale) {
    for (const part of page.querySelectorAll("[data-part]")) {
      const here = document.getElementById(part.id);
      if (!here || here.innerHTML.trim() === part.innerHTML.trim()) continue;
      // Where the focus stands is not taken away under it.
      const focused = here.contains(document.activeElement) ? document.activeElement.getAttribute("href") || document.activeElement.value : null;
      here.innerHTML = part.innerHTML;
      const again = focused && [...here.querySelectorAll("a, button")].find((one) => (one.getAttribute("href") || one.value) === focused);
      if (again) again.focus({ preventScroll: true });
    }
    const version = page.querySelector("[data-version]");
    if (version) for (const field of document.querySelectorAll("[data-version]")) field.value = version.value;
    // What another window wrote is put away only when one says so.
    if (isStale) halted = true;
  }

  async function send() {
    const answer = await fetch(form.action, {
      method: "POST", body: new FormData(form), headers: { "HX-Request": "true" }, credentials: "same-origin", keepalive: true,
    }).catch(() => null);
    if (!answer) { dirty = true; window.Watchfloor?.say?.("Not saved: no connection"); return; }
    if (answer.redirected) { location.reload(); return; }
    if (![200, 409, 422].includes(answer.status)) { dirty = true; return; }
    put(new DOMParser().parseFromString(await answer.text(), "text/html"), answer.status === 409);
  }

  async function save() {
    clearTimeout(timer);
    if (saving) await saving;
    if (!dirty || halted) return;
    dirty = false;
    saving = send();
    await saving;
    saving = null;
  }

  function later(wait) {
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  }

  // A row that is begun gets an empty one after it.
  function grow(row) {
    const next = row.cloneNode(true);
    const count = row.parentElement.querySelector("input[type=hidden]");
    const number = Number(count.value);
    count.value = String(number + 1);
    for (const field of next.querySelectorAll("input, select, textarea")) {
      field.name = field.name.replace(/-\d+-(?=[^-]+$)/, `-${number}-`);
      if (field.type === "checkbox") field.checked = false;
      else if (field.matches("select")) field.selectedIndex = 0;
      else field.value = "";
    }
    row.classList.remove("draft-row-new");
    row.setAttribute("aria-label", `Row ${number}`);
    row.after(next);
  }

  form.addEventListener("input", (event) => {
    if (event.target.matches("[data-aside]")) return;
    const row = event.target.closest(".draft-row-new");
    if (row && event.target.value) grow(row);
    // A name in a row is carried to every place that uses it, so half a name is not sent.
    if (event.target.closest(".draft-row") && !event.target.matches("select, [type=checkbox]")) { dirty = true; return; }
    later(WAIT);
  });
  form.addEventListener("change", (event) => { if (!event.target.matches("[data-aside]")) later(50); });

  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!saving) { dirty = false; return; }
    event.preventDefault();
    const pressed = event.submitter;
    saving.then(() => { dirty = false; form.requestSubmit(pressed); });
  });

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[href]");
    if (!link || halted || (!dirty && !saving) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    await save();
    location.assign(link.href.baseVal ?? link.href);
  });
  window.addEventListener("pagehide", () => { if (dirty && !halted) send(); });
})();
