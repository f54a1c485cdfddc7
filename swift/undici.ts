/**
 * The two dispatchers of undici that the mover needs, taken from their own files: importing the package's
 * index would bring fetch, WebSocket, caches and mocks into the bundle, half as large again.
 */
import type { Dispatcher, Pool, ProxyAgent } from "undici";

type PoolClass = new (origin: string, options: Pool.Options) => Dispatcher;
type ProxyClass = new (options: ProxyAgent.Options) => Dispatcher;

export function newPool(origin: string, options: Pool.Options): Dispatcher {
  const PoolOfUndici = require("undici/lib/dispatcher/pool.js") as PoolClass;
  return new PoolOfUndici(origin, options);
}

export function newProxyPool(options: ProxyAgent.Options): Dispatcher {
  const ProxyAgentOfUndici = require("undici/lib/dispatcher/proxy-agent.js") as ProxyClass;
  return new ProxyAgentOfUndici(options);
}
