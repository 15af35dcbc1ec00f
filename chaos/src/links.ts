import { startFaultProxy, type FaultProxy } from '@slipway/testkit';

/** The fault proxies of an installation: one for each process and each server that it talks to. */
export interface Links {
  /** Puts a proxy in front of `url`; returns the URL through it. */
  open(link: { from: string; to: string; url: string }): Promise<string>;
  find(from: string, to: string): FaultProxy;
  /** Where everybody's new connections to Redis go from now on. */
  retargetRedis(port: number): void;
  closeAll(): Promise<void>;
}

export function createLinks(): Links {
  const proxies = new Map<string, FaultProxy>();
  let redisPort: number | undefined;
  return {
    async open({ from, to, url }) {
      const through = new URL(url);
      const port = to === 'redis' ? (redisPort ?? Number(through.port)) : Number(through.port);
      const proxy = await startFaultProxy({ target: { port } });
      proxies.set(`${from} → ${to}`, proxy);
      through.host = `${proxy.host}:${proxy.port}`;
      return through.href.replace(/\/$/, '');
    },
    find(from, to) {
      const proxy = proxies.get(`${from} → ${to}`);
      if (!proxy) throw new Error(`there is no link from ${from} to ${to}`);
      return proxy;
    },
    retargetRedis(port) {
      redisPort = port;
      for (const [name, proxy] of proxies) {
        if (name.endsWith(' → redis')) proxy.retarget({ port });
      }
    },
    async closeAll() {
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
    },
  };
}
