// Files on their way: chosen, dropped or pasted, kept in the browser until the server has them. Their bytes never pass through .NET.
import { put, get, list, remove } from './storage.js';

const STORE = 'files';
const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'];
const chosen = new Map();
const kept = new Map();
const addresses = new Map();
let handles = 0;

// What was chosen and never sent, long ago, in a page that was closed. What the outbox still means to send stays, however old.
const KEPT_FOR = 30 * 24 * 60 * 60 * 1000;
list(STORE, '').then(async found => {
  for (let i = 0; i < found.length; i += 2) {
    const [user, id] = found[i].split('/');
    if (found[i + 1].at > Date.now() - KEPT_FOR) { continue; }
    if (!(await list('outbox', `${user}/`)).some(waiting => waiting.includes(id))) { await remove(STORE, found[i]); }
  }
}).catch(() => {});

// The size as shown; the browser turns a photo as its camera says.
async function measure(file) {
  if (!IMAGES.includes(file.type)) { return {}; }
  try {
    const image = await createImageBitmap(file);
    const { width, height } = image;
    image.close();
    return { width, height };
  } catch {
    return {};
  }
}

// The input's room hears of every file that comes to it, however it comes.
export function attach(input, dotnet) {
  const form = input.closest('form');
  const zone = form.closest('main') ?? form.parentElement;
  let within = 0;
  const take = async files => {
    const described = [];
    for (const file of files) {
      const handle = `h${++handles}`;
      chosen.set(handle, file);
      described.push({ handle, name: file.name || 'file', type: file.type, size: file.size, ...await measure(file) });
    }
    if (described.length > 0) { await dotnet.invokeMethodAsync('Chosen', JSON.stringify(described)); }
  };
  // Here and not through .NET: a browser opens its dialog only within moments of the click, however busy the page is.
  const button = form.querySelector('.attach');
  const choose = () => input.click();
  const carriesFiles = event => event.dataTransfer?.types.includes('Files');
  const on = {
    change: () => { take([...input.files]); input.value = ''; },
    paste: event => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) { event.preventDefault(); take(files); }
    },
    dragenter: event => { if (carriesFiles(event)) { event.preventDefault(); within++; zone.classList.add('dropping'); } },
    dragover: event => { if (carriesFiles(event)) { event.preventDefault(); event.dataTransfer.dropEffect = 'copy'; } },
    dragleave: event => { if (carriesFiles(event) && --within <= 0) { within = 0; zone.classList.remove('dropping'); } },
    drop: event => {
      if (!carriesFiles(event)) { return; }
      event.preventDefault();
      within = 0;
      zone.classList.remove('dropping');
      take([...event.dataTransfer.files]);
    },
  };
  button.addEventListener('click', choose);
  input.addEventListener('change', on.change);
  form.addEventListener('paste', on.paste);
  for (const name of ['dragenter', 'dragover', 'dragleave', 'drop']) { zone.addEventListener(name, on[name]); }
  return {
    addText: (name, text) => take([new File([text], name, { type: 'text/plain' })]),
    dispose() {
      button.removeEventListener('click', choose);
      input.removeEventListener('change', on.change);
      form.removeEventListener('paste', on.paste);
      for (const name of ['dragenter', 'dragover', 'dragleave', 'drop']) { zone.removeEventListener(name, on[name]); }
      zone.classList.remove('dropping');
    },
  };
}

// Kept under the key from now on, also over a reload where the browser lets us.
export async function keep(handle, key) {
  const file = chosen.get(handle);
  chosen.delete(handle);
  if (!file) { return; }
  kept.set(key, file);
  await put(STORE, key, { file, at: Date.now() });
}

const find = async key => kept.get(key) ?? (await get(STORE, key))?.file;

// An address for showing what is kept, or null.
export async function address(key) {
  if (!addresses.has(key)) {
    const file = await find(key);
    if (!file) { return null; }
    addresses.set(key, URL.createObjectURL(file));
  }
  return addresses.get(key);
}

// What is on screen may still show it: its address stays good for a while.
export async function forget(key) {
  kept.delete(key);
  const shown = addresses.get(key);
  if (shown) {
    addresses.delete(key);
    setTimeout(() => URL.revokeObjectURL(shown), 60_000);
  }
  await remove(STORE, key);
}

// [status, seconds to wait, body]; status 0: no server answered; -1: the file is not here any more. Only fetch's older
// sister tells how much has gone out.
export async function upload(key, path, type, dotnet) {
  const file = await find(key);
  if (!file) { return ['-1', '', '']; }
  return await new Promise(resolve => {
    const request = new XMLHttpRequest();
    let told = -1;
    let quiet;
    // A line that is dead but not closed: a minute without a byte ends it.
    const alive = () => { clearTimeout(quiet); quiet = setTimeout(() => request.abort(), 60_000); };
    const done = answer => { clearTimeout(quiet); resolve(answer); };
    request.open('POST', path);
    request.setRequestHeader('Content-Type', type || 'application/octet-stream');
    request.upload.onprogress = event => {
      alive();
      const percent = event.lengthComputable ? Math.floor(100 * event.loaded / event.total) : 0;
      if (percent !== told) { told = percent; dotnet.invokeMethodAsync('Progress', key, percent).catch(() => {}); }
    };
    request.onload = () => done([`${request.status}`, request.getResponseHeader('Retry-After') ?? '', request.responseText]);
    request.onerror = request.onabort = () => done(['0', '', '']);
    alive();
    request.send(file);
  });
}
