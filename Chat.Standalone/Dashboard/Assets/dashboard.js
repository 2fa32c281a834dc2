"use strict";
// Keeps the page true: refetches its live region when the server says that something changed, sends the buttons' commands,
// and follows the log. Everything it inserts as HTML was rendered and encoded by the server; log lines are inserted as text.
const token = document.querySelector("meta[name=antiforgery]")?.content ?? "";

const live = document.querySelector("[data-live]");
if (live) {
  let running = false, again = false;
  const refresh = async () => {
    if (running) { again = true; return; }
    running = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Fragment": "1" } });
      if (answer.ok && !answer.redirected) {
        const open = new Set([...live.querySelectorAll("details[open][id]")].map(d => d.id));
        const focused = document.activeElement?.id;
        live.innerHTML = await answer.text();
        open.forEach(id => document.getElementById(id)?.setAttribute("open", ""));
        if (focused) { document.getElementById(focused)?.focus(); }
      }
    } catch { /* the server is away: the event source says when it is back */ }
    running = false;
    if (again) { again = false; setTimeout(refresh, 300); }
  };
  const events = new EventSource("/live/" + live.dataset.live);
  events.onmessage = refresh;
  events.onerror = () => document.body.classList.add("away");
  events.onopen = () => document.body.classList.remove("away");
}

document.addEventListener("click", async e => {
  const button = e.target.closest("button[data-post]");
  if (!button) { return; }
  button.disabled = true;
  const answer = await fetch(button.dataset.post, { method: "POST", headers: { "X-Antiforgery": token } });
  if (!answer.ok) { alert(await answer.text()); }
  button.disabled = false;
});

const log = document.getElementById("log");
if (log) {
  const kept = 5000;
  const events = new EventSource("/live/log?id=" + encodeURIComponent(log.dataset.id));
  let after = 0;
  events.onmessage = e => {
    const line = JSON.parse(e.data);
    if (line.n <= after) { return; }
    after = line.n;
    const bottom = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    const row = document.createElement("div");
    if (line.error) { row.className = "error"; }
    if (!log.dataset.id) {
      const who = document.createElement("span");
      who.className = "who";
      who.textContent = line.id.padEnd(10) + " ";
      row.append(who);
    }
    row.append(line.text.replace(/\x1b\[[0-9;]*m/g, ""));
    log.append(row);
    while (log.childElementCount > kept) { log.firstElementChild.remove(); }
    if (bottom) { log.scrollTop = log.scrollHeight; }
  };
}
document.querySelector("select[data-go]")?.addEventListener("change", e => { location.search = e.target.value ? "?id=" + encodeURIComponent(e.target.value) : ""; });
