{#- templates/status/sw.js: kept (addresses of assets). Touches navigations and the kept assets only. -#}
"use strict";
const NAME = "noroshi-2";
const PAGES = ["/", "/roster"];
const ASSETS = {{ kept|json|safe }};
const DAY = 24 * 3600 * 1000;
const OLD = 3600 * 1000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(ASSETS)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== NAME) await caches.delete(name);
    const cache = await caches.open(NAME);
    for (const request of await cache.keys()) {
      const path = new URL(request.url);
      if (path.pathname.startsWith("/static/") && !ASSETS.includes(path.pathname + path.search)) await cache.delete(request);
    }
    await self.clients.claim();
    for (const path of PAGES) await keep(path, await fetch(path).catch(() => null));
  })());
});

async function keep(path, response) {
  // What is marked with a time is itself from memory: the portal cannot reach its data.
  if (!response || !response.ok || response.redirected || response.headers.has("X-As-Of")) return;
  const headers = new Headers(response.headers);
  headers.set("X-Kept-At", new Date().toISOString());
  const cache = await caches.open(NAME);
  await cache.put(path, new Response(await response.blob(), { status: 200, headers }));
}

// Whoever looks at the board alone still takes along whom to call: the other page is fetched anew once its copy is old.
async function freshen(seen) {
  const cache = await caches.open(NAME);
  for (const path of PAGES) {
    const at = (await cache.match(path))?.headers.get("X-Kept-At");
    if (path !== seen && at && Date.now() - new Date(at) > OLD) await keep(path, await fetch(path).catch(() => null));
  }
}

async function kept(path) {
  const cache = await caches.open(NAME);
  const response = await cache.match(path);
  const at = response?.headers.get("X-Kept-At");
  if (!at || Date.now() - new Date(at) > DAY) return null;
  const html = (await response.text()).replace("<html ", `<html data-kept-at="${at}" `);
  return new Response(html, { status: 200, headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": response.headers.get("Content-Security-Policy") || "" } });
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== location.origin) return;
  // A report that cannot leave: the board, from where it goes out by itself once it can.
  if (event.request.method === "POST" && event.request.mode === "navigate" && url.pathname === "/reports")
    event.respondWith(fetch(event.request).catch(async (error) => { const found = await kept("/"); if (found) return found; throw error; }));
  if (event.request.method !== "GET") return;
  if (event.request.mode === "navigate") {
    event.respondWith(page(event.request, url));
    if (PAGES.includes(url.pathname)) event.waitUntil(freshen(url.pathname));
  } else if (ASSETS.includes(url.pathname + url.search)) event.respondWith(caches.match(event.request).then((found) => found || fetch(event.request)));
});

async function page(request, url) {
  try {
    const response = await fetch(request);
    if (PAGES.includes(url.pathname) && !url.search) await keep(url.pathname, response.clone());
    return (response.status === 503 && PAGES.includes(url.pathname) && await kept(url.pathname)) || response;
  } catch (error) {
    const found = await kept(PAGES.includes(url.pathname) ? url.pathname : "/");
    if (found) return found;
    throw error;
  }
}
