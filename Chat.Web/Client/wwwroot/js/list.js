// Holds a message list still: either at its bottom, or with the row under the eye where it is, whatever grows, shrinks,
// comes or goes above and below it. Observers run before the browser paints, so nothing is seen to move.
export function attach(scroller, content, dotnet) {
  let bottom = true;
  let anchor = null;
  // Where the list was when it was last put in place or looked at. A list that is elsewhere was scrolled by its reader.
  let place = scroller.scrollTop;
  let told = { bottom: null, anchor: null };
  let busy = false;

  const rows = () => content.querySelectorAll('.message[data-id]');
  const gapBelow = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;

  // The first row that begins on screen: one that only reaches into it from above may grow without moving what is read.
  const firstVisible = () => {
    const top = scroller.getBoundingClientRect().top;
    const all = rows();
    let low = 0;
    let high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (all[middle].getBoundingClientRect().top >= top - 0.5) { high = middle; } else { low = middle + 1; }
    }
    const row = all[low];
    const beginsOnScreen = row && row.getBoundingClientRect().top < top + scroller.clientHeight;
    return (beginsOnScreen ? row : all[low - 1]) ?? row ?? null;
  };

  const remember = () => {
    place = scroller.scrollTop;
    bottom = gapBelow() <= 2;
    const row = firstVisible();
    anchor = row ? { id: row.dataset.id, offset: row.getBoundingClientRect().top - scroller.getBoundingClientRect().top } : null;
  };

  // A scroll whose event has not come yet must not be undone. Content that shrinks also moves the list: up, to its end.
  const takeScroll = () => {
    const moved = scroller.scrollTop - place;
    const shrank = moved < 0 && gapBelow() <= 2;
    if (Math.abs(moved) < 1 || shrank) { return; }
    if (bottom || gapBelow() <= 2) { remember(); } else if (anchor) { anchor.offset -= moved; }
  };

  const put = () => {
    if (bottom) {
      scroller.scrollTop = scroller.scrollHeight;
    } else if (anchor) {
      const row = content.querySelector(`.message[data-id="${CSS.escape(anchor.id)}"]`);
      if (row) {
        const moved = row.getBoundingClientRect().top - scroller.getBoundingClientRect().top - anchor.offset;
        if (Math.abs(moved) >= 0.5) { scroller.scrollTop += moved; }
      } else {
        remember();
      }
    }
    place = scroller.scrollTop;
    requestAnimationFrame(tell);
  };

  const restore = () => {
    takeScroll();
    put();
  };

  const tell = async () => {
    if (busy) { return; }
    busy = true;
    try {
      const anchorId = bottom ? null : anchor?.id ?? null;
      if (told.bottom !== bottom || told.anchor !== anchorId) {
        told = { bottom, anchor: anchorId };
        await dotnet.invokeMethodAsync('Moved', bottom, anchorId);
      }
      const reach = scroller.clientHeight * 1.5;
      if (scroller.scrollTop < reach) { await dotnet.invokeMethodAsync('NearTop'); }
      if (gapBelow() < reach) { await dotnet.invokeMethodAsync('NearBottom'); }
    } catch {
      // The list went away meanwhile.
    } finally {
      busy = false;
    }
  };

  const scrolled = () => {
    if (Math.abs(scroller.scrollTop - place) >= 1) { remember(); }
    tell();
  };

  // Up and down from message to message; on one, the keys of its tools. What is typed into a field is the field's.
  const keys = event => {
    const target = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest('input, textarea, dialog, .picker')) { return; }
    const row = target.closest('.message[data-id]');
    const all = [...rows()];
    const at = all.indexOf(row);
    const start = all.findIndex(r => r.classList.contains('highlight'));
    const lastVisible = () => {
      const end = scroller.getBoundingClientRect().bottom;
      return Math.max(0, all.findLastIndex(r => r.getBoundingClientRect().top < end - 1));
    };
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined && all.length > 0) {
      event.preventDefault();
      const next = all[at >= 0 || !event.key.startsWith('Arrow') ? Math.min(Math.max(to, 0), all.length - 1) : start >= 0 ? start : lastVisible()];
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Escape') {
      scroller.closest('main')?.querySelector('.composer textarea')?.focus({ preventScroll: true });
    } else if (row && row === target) {
      const tool = row.querySelector(`.tools [aria-keyshortcuts="${CSS.escape(event.key)}"]`);
      if (tool) {
        event.preventDefault();
        tool.click();
      }
    }
  };
  const seen = () => { if (!document.hidden && document.hasFocus()) { dotnet.invokeMethodAsync('Seen').catch(() => {}); } };

  const mutations = new MutationObserver(restore);
  mutations.observe(content, { childList: true, subtree: true, characterData: true });
  const sizes = new ResizeObserver(restore);
  sizes.observe(content);
  sizes.observe(scroller);
  scroller.addEventListener('scroll', scrolled, { passive: true });
  scroller.addEventListener('keydown', keys);
  addEventListener('focus', seen);
  document.addEventListener('visibilitychange', seen);

  return {
    toBottom() {
      bottom = true;
      put();
    },
    // Puts a row a third down the screen and holds it there.
    show(id) {
      const row = content.querySelector(`.message[data-id="${CSS.escape(id)}"]`);
      if (!row) { return false; }
      bottom = false;
      anchor = { id, offset: Math.round(scroller.clientHeight / 3) };
      put();
      remember();
      return true;
    },
    isSeen: () => !document.hidden && document.hasFocus(),
    dispose() {
      mutations.disconnect();
      sizes.disconnect();
      scroller.removeEventListener('scroll', scrolled);
      scroller.removeEventListener('keydown', keys);
      removeEventListener('focus', seen);
      document.removeEventListener('visibilitychange', seen);
    },
  };
}
