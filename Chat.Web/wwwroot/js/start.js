// Keeps a way to start without a network. Its address carries the version of all files: another version, another worker.
navigator.serviceWorker?.register(`/sw.js?v=${document.currentScript.dataset.version}`).catch(() => {
  // A browser that refuses starts only with a network.
});
