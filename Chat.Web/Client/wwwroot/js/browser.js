// What the browser tells of the network, of being looked at, and of its other tabs.
export function watch(dotnet) {
  const online = () => dotnet.invokeMethodAsync('SetOnline', navigator.onLine);
  const returned = () => {
    if (document.visibilityState === 'visible') {
      dotnet.invokeMethodAsync('SetReturned');
    }
  };
  addEventListener('online', online);
  addEventListener('offline', online);
  document.addEventListener('visibilitychange', returned);
  addEventListener('pageshow', event => { if (event.persisted) { returned(); } });
  return navigator.onLine;
}

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('chat') : null;

export function listen(dotnet) {
  channel?.addEventListener('message', event => dotnet.invokeMethodAsync('Hear', event.data));
}

export const announce = message => channel?.postMessage(message);

const held = new Map();

// Answers once this tab holds the lock, which it does until it releases it, closes or crashes. Where the browser has no
// locks every tab leads: what is sent twice is the same message.
export function hold(name, id) {
  if (!navigator.locks) {
    return Promise.resolve(true);
  }
  return new Promise((resolve, reject) => {
    const asking = new AbortController();
    held.set(id, () => asking.abort());
    navigator.locks.request(name, { signal: asking.signal }, () => new Promise(release => {
      held.set(id, release);
      resolve(true);
    })).catch(error => error.name === 'AbortError' ? resolve(false) : reject(error));
  });
}

export function release(id) {
  held.get(id)?.();
  held.delete(id);
}
