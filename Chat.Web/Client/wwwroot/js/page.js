// The little of the page that only script can do.

// Whose chat this is: as the server wrote it into the page; in the shell that starts without a network, who was last here.
// [username, display name], or null. A page for signing in or out forgets it.
export function visitor() {
  const { username, displayName } = document.getElementById('app').dataset;
  return username ? [username, displayName] : JSON.parse(localStorage.getItem('chat-user'));
}

// Whether the server exports traces, and takes the browser's spans.
export const traced = () => document.getElementById('app').dataset.traced === 'true';

export function remember(username, displayName) {
  if (username) {
    localStorage.setItem('chat-user', JSON.stringify([username, displayName]));
  } else {
    localStorage.removeItem('chat-user');
  }
}

export function keys(dotnet) {
  addEventListener('keydown', event => {
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      dotnet.invokeMethodAsync('Key', 'switcher');
    } else if (command && event.shiftKey && event.key.toLowerCase() === 'f') {
      event.preventDefault();
      dotnet.invokeMethodAsync('Key', 'search');
    }
  });
}

export const focusIn = element => element.querySelector('button, input, textarea')?.focus({ preventScroll: true });

export const focus = selector => document.querySelector(selector)?.focus();

export function title(text) {
  document.title = text;
}

export const copy = text => navigator.clipboard.writeText(text);

const grow = box => {
  box.style.height = 'auto';
  box.style.height = `${Math.min(box.scrollHeight, 220)}px`;
};

// Enter sends, so it must not also break the line; while a completion is offered its keys belong to it.
export function composer(box) {
  box.addEventListener('keydown', event => {
    const completing = box.dataset.completing === 'true' && ['ArrowUp', 'ArrowDown', 'Tab', 'Enter'].includes(event.key);
    const sends = box.dataset.enter === 'breaks' ? event.ctrlKey || event.metaKey : !event.shiftKey;
    if (completing || (event.key === 'Enter' && sends && !event.isComposing)) {
      event.preventDefault();
    }
  });
  box.addEventListener('input', () => grow(box));
  grow(box);
  if (matchMedia('(pointer: fine)').matches) {
    box.focus({ preventScroll: true });
  }
}

export function completing(box, on) {
  box.dataset.completing = on;
}

export function setText(box, text) {
  box.value = text;
  grow(box);
}

export const wordBeforeCursor = box => /[@:][^\s@:]*$/.exec(box.value.slice(0, box.selectionStart))?.[0] ?? '';

export function replaceWord(box, text) {
  const word = wordBeforeCursor(box);
  const start = box.selectionStart - word.length;
  box.setRangeText(text, start, box.selectionStart, 'end');
  grow(box);
  return box.value;
}

// Where the cursor is, or was.
export function insert(box, text) {
  box.focus({ preventScroll: true });
  box.setRangeText(text, box.selectionStart, box.selectionEnd, 'end');
  grow(box);
  return box.value;
}

export function theme(name) {
  if (name) {
    localStorage.setItem('chat-theme', name);
    document.documentElement.dataset.theme = name;
  } else if (name === '') {
    localStorage.removeItem('chat-theme');
    delete document.documentElement.dataset.theme;
  }
}

export const currentTheme = () => localStorage.getItem('chat-theme') ?? '';

export const notificationState = () => 'Notification' in globalThis ? Notification.permission : 'denied';

export const askNotifications = async () => 'Notification' in globalThis ? await Notification.requestPermission() : 'denied';

// Two short tones, made here: nothing to load.
function sound() {
  try {
    const audio = new AudioContext();
    [[660, 0], [880, .12]].forEach(([pitch, at]) => {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(.12, audio.currentTime + at);
      volume.gain.exponentialRampToValueAtTime(.001, audio.currentTime + at + .18);
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + .2);
    });
    setTimeout(() => audio.close().catch(() => {}), 1_000);
  } catch {
    // No device to be heard on.
  }
}

// Only when nobody looks at the page: seen as far as the browser allows it, heard as far as the user wants it.
export function notify(who, text, address, heard) {
  if (!document.hidden && document.hasFocus()) {
    return;
  }
  if (heard) {
    sound();
  }
  if ('Notification' in globalThis && Notification.permission === 'granted') {
    const shown = new Notification(who, { body: text, tag: address });
    shown.onclick = () => { focusWindow(address); shown.close(); };
  }
}

function focusWindow(address) {
  window.focus();
  if (location.pathname !== address) {
    globalThis.Blazor?.navigateTo(address);
  }
}

export function showModal(dialog) {
  if (!dialog.open) {
    dialog.showModal();
  }
}

// Closed so, the browser gives the focus back to where it was.
export const closeModal = dialog => dialog.close();
