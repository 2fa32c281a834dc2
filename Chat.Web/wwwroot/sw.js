// Without a network, or while the servers are being replaced, the chat starts from the empty shell that is kept here: it
// carries nobody's name. Everything else goes past this worker; scripts and styles are in the browser's own cache.
const SHELL = '/shell';
const CACHE = `shell-${new URL(location.href).searchParams.get('v')}`;

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

addEventListener('fetch', event => {
  if (event.request.mode === 'navigate' && /^\/(chat|account)(\/|$)/.test(new URL(event.request.url).pathname)) {
    event.respondWith(open(event));
  }
});

async function open(event) {
  let answer;
  try {
    answer = await event.preloadResponse ?? await fetch(event.request);
  } catch {
    // Answered below.
  }
  if (answer && ![502, 503, 504].includes(answer.status)) {
    return answer;
  }
  return await caches.match(SHELL) ?? answer ?? Response.error();
}
