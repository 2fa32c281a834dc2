// Holds a message list still: either at its bottom, or with the row under the eye where it is, whatever grows, shrinks,
// comes or goes above and below it. Observers run before the browser paints, so nothing is seen to move.
export function attach(scroller, content, dotnet) {
  let bottom = true;
  let anchor = null;
  let restoring = false;
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
    bottom = gapBelow() <= 2;
    const row = firstVisible();
    anchor = row ? { id: row.dataset.id, offset: row.getBoundingClientRect().top - scroller.getBoundingClientRect().top } : null;
  };

  const restore = () => {
    restoring = true;
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
    requestAnimationFrame(() => { restoring = false; tell(); });
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
    if (!restoring) { remember(); }
    tell();
  };
  const seen = () => { if (!document.hidden && document.hasFocus()) { dotnet.invokeMethodAsync('Seen').catch(() => {}); } };

  const mutations = new MutationObserver(restore);
  mutations.observe(content, { childList: true, subtree: true, characterData: true });
  const sizes = new ResizeObserver(restore);
  sizes.observe(content);
  sizes.observe(scroller);
  scroller.addEventListener('scroll', scrolled, { passive: true });
  addEventListener('focus', seen);
  document.addEventListener('visibilitychange', seen);

  return {
    toBottom() {
      bottom = true;
      restore();
    },
    // Puts a row a third down the screen and holds it there.
    show(id) {
      const row = content.querySelector(`.message[data-id="${CSS.escape(id)}"]`);
      if (!row) { return false; }
      bottom = false;
      anchor = { id, offset: Math.round(scroller.clientHeight / 3) };
      restore();
      remember();
      return true;
    },
    isSeen: () => !document.hidden && document.hasFocus(),
    dispose() {
      mutations.disconnect();
      sizes.disconnect();
      scroller.removeEventListener('scroll', scrolled);
      removeEventListener('focus', seen);
      document.removeEventListener('visibilitychange', seen);
    },
  };
}
