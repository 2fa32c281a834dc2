// Without a network, or while the servers are being replaced, the chat starts from what is kept here: the empty shell, which
// carries nobody's name, and the files that a page has loaded before, whose addresses say their content.
const CACHE = `shell-${new URL(location.href).searchParams.get('v')}`;
const SHELL = '/shell';
const PAGES = /^\/(chat|account)(\/|$)/;
const FILES = /^\/(_framework|_content|css|js)\/|^\/favicon/;

addEventListener('install', event => event.waitUntil((async () => {
  await (await caches.open(CACHE)).add(SHELL);
  await skipWaiting();
})()));

addEventListener('activate', event => event.waitUntil((async () => {
  await registration.navigationPreload?.enable();
  for (const name of await caches.keys()) {
    if (name !== CACHE) { await caches.delete(name); }
  }
  await clients.claim();
})()));

// A page tells what it loaded; from the browser's own cache it costs nothing.
addEventListener('message', event => event.waitUntil((async () => {
  const cache = await caches.open(CACHE);
  for (const address of event.data) {
    const url = new URL(address);
    if (url.origin === location.origin && FILES.test(url.pathname) && !await cache.match(address, { ignoreVary: true })) {
      await cache.add(address).catch(() => {});
    }
  }
})()));

addEventListener('fetch', event => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.mode === 'navigate') {
    if (PAGES.test(pathname)) { event.respondWith(page(event)); }
  } else if (origin === location.origin && event.request.method === 'GET' && FILES.test(pathname)) {
    event.respondWith(file(event.request));
  }
});

async function page(event) {
  let answer;
  try {
    answer = await event.preloadResponse ?? await fetch(event.request);
  } catch {
    // Answered below.
  }
  return answer && ![502, 503, 504].includes(answer.status) ? answer : await caches.match(SHELL) ?? answer ?? Response.error();
}

async function file(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request.url, { ignoreVary: true });
  if (kept) {
    return kept;
  }
  const answer = await fetch(request);
  if (answer.ok) {
    await cache.put(request.url, answer.clone());
  }
  return answer;
}
