// A visitor browses and buys, as @segment/analytics-node and @segment/analytics-next tell it. Arguments: host, key.
import { Analytics } from "@segment/analytics-node"

const [host, writeKey] = process.argv.slice(2)

const server = new Analytics({ writeKey, host, flushAt: 3, maxRetries: 0 })
server.on("error", (error) => console.log(JSON.stringify({ error: String(error.reason ?? error) })))
server.page({ anonymousId: "node-visitor", properties: { url: "https://shop.example/cream" } })
server.track({ anonymousId: "node-visitor", event: "Product Viewed", properties: { sku: "cream" } })
server.identify({ userId: "node-user", anonymousId: "node-visitor", traits: { email: "node@example.com", firstName: "Nora" } })
server.track({ userId: "node-user", event: "Order Completed", properties: { revenue: 42 } })
server.group({ userId: "node-user", groupId: "acme", traits: { plan: "pro" } })
await server.closeAndFlush()

// What the library needs of a browser's page.
const store = new Map()
const storage = {
  getItem: (key) => store.get(key) ?? null,
  setItem: (key, value) => store.set(key, String(value)),
  removeItem: (key) => store.delete(key),
}
const page = { href: "https://shop.example/", pathname: "/", search: "", hash: "", hostname: "shop.example", protocol: "https:", host: "shop.example" }
const nothing = () => {}
globalThis.window = globalThis
globalThis.addEventListener = nothing
globalThis.removeEventListener = nothing
globalThis.localStorage = storage
globalThis.sessionStorage = storage
globalThis.location = page
Object.defineProperty(globalThis, "navigator", {
  value: { onLine: true, userAgent: "test", language: "en" }, configurable: true,
})
globalThis.document = {
  cookie: "", readyState: "complete", referrer: "", title: "Shop", location: page, visibilityState: "visible",
  addEventListener: nothing, removeEventListener: nothing, querySelector: () => null, querySelectorAll: () => [],
  getElementsByTagName: () => [], createElement: () => ({ setAttribute: nothing, style: {} }),
}

const { AnalyticsBrowser } = await import("@segment/analytics-next")
const integrations = { "Segment.io": { apiKey: writeKey } }
const settings = { apiHost: `${new URL(host).host}/v1`, protocol: "http" }
const [browser] = await AnalyticsBrowser.load(
  { writeKey, cdnSettings: { integrations } },
  { integrations: { "Segment.io": settings }, disableClientPersistence: true },
)
await browser.track("Product Added", { sku: "cream" })
await browser.identify("browser-user", { name: "Bruno" })
await browser.track("Order Completed", { value: 7 })
await browser.alias("browser-alias", "browser-visitor")
console.log(JSON.stringify({ visitor: browser.user().anonymousId() }))
process.exit(0)
