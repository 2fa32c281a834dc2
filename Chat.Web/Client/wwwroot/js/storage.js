// IndexedDB as text by key (files: as blobs): one object store for each name. Raise the version when a store is added; what is kept stays.
const NAME = 'chat';
const VERSION = 2;
const STORES = ['outbox', 'rooms', 'messages', 'settings', 'files'];
let opening;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const store of STORES) {
        if (!request.result.objectStoreNames.contains(store)) {
          request.result.createObjectStore(store);
        }
      }
    };
    request.onsuccess = () => {
      const db = request.result;
      // Another tab brings a newer version: let it, and open again when asked.
      db.onversionchange = () => { db.close(); opening = undefined; };
      db.onclose = () => { opening = undefined; };
      resolve(db);
    };
    request.onerror = () => { opening = undefined; reject(request.error); };
    request.onblocked = () => { opening = undefined; reject(new Error('blocked')); };
  });
  return opening;
}

// Answers once the transaction is complete, which is when it survives a crash of the page.
async function run(stores, mode, work) {
  const db = await open();
  return await new Promise((resolve, reject) => {
    const transaction = db.transaction(stores, mode, { durability: 'relaxed' });
    let answer;
    transaction.oncomplete = () => resolve(answer);
    transaction.onabort = () => reject(transaction.error ?? new Error('aborted'));
    transaction.onerror = () => reject(transaction.error);
    work(transaction, value => { answer = value; });
  });
}

const startingWith = prefix => IDBKeyRange.bound(prefix, prefix + '\uffff');

export const put = (store, key, value) => run(store, 'readwrite', t => t.objectStore(store).put(value, key));

export const get = (store, key) => run(store, 'readonly', (t, answer) => {
  const request = t.objectStore(store).get(key);
  request.onsuccess = () => answer(request.result ?? null);
});

export const remove = (store, key) => run(store, 'readwrite', t => t.objectStore(store).delete(key));

// [key, value, key, value, …] in order of the keys.
export const list = (store, prefix) => run(store, 'readonly', (t, answer) => {
  const found = [];
  answer(found);
  const request = t.objectStore(store).openCursor(startingWith(prefix));
  request.onsuccess = () => {
    const cursor = request.result;
    if (cursor) {
      found.push(cursor.key, cursor.value);
      cursor.continue();
    }
  };
});

export const clear = prefix => run(STORES, 'readwrite', t => {
  for (const store of STORES) {
    t.objectStore(store).delete(startingWith(prefix));
  }
});
