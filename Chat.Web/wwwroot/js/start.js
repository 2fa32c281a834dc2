// Keeps a way to start without a network. The worker's address carries the version of all files: another version, another worker.
{
  // A build for debugging has more files than a browser remembers by itself.
  performance.setResourceTimingBufferSize(2000);

  const keep = async names => {
    const { active } = await navigator.serviceWorker.ready;
    requestIdleCallback(() => active?.postMessage(names), { timeout: 5000 });
  };

  if (navigator.serviceWorker) {
    navigator.serviceWorker.register(`/sw.js?v=${document.currentScript.dataset.version}`).catch(() => {
      // A browser that refuses starts only with a network.
    });
    // What the page loads past the worker, the worker shall have the next time.
    new PerformanceObserver(list => keep(list.getEntries().filter(entry => !entry.workerStart).map(entry => entry.name)))
      .observe({ type: 'resource', buffered: true });
  }
}
