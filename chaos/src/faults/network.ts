import type { FaultProxy } from '@slipway/testkit';
import type { Link, LinkFault } from '../plan/vocabulary.ts';
import type { Injected, Stage } from './stage.ts';

export async function disturbLink(stage: Stage, fault: LinkFault): Promise<Injected> {
  const from = fault.link.from === 'worker' ? stage.fleet.at(fault.link.worker).name : fault.link.from;
  const proxy = stage.links.find(from, fault.link.to);
  const heal = await breakLink(proxy, fault);
  return {
    target: `${from} → ${fault.link.to}`,
    ...concerns(fault.link, from),
    async end() {
      await heal();
      return {};
    },
  };
}

/** Breaks it, and returns what makes it whole again. */
async function breakLink(proxy: FaultProxy, fault: LinkFault): Promise<() => Promise<void> | void> {
  switch (fault.kind) {
    case 'link.cut':
      proxy.cut();
      return () => undefined;
    case 'link.freeze':
      proxy.freeze();
      return () => proxy.thaw();
    case 'link.refuse':
      await proxy.refuse();
      proxy.cut();
      return () => proxy.accept();
    case 'link.delay':
      proxy.delay(fault.delayMs);
      return () => proxy.delay(0);
    case 'link.reset_after':
      proxy.resetAfter(fault.bytes, { direction: fault.direction, times: fault.times });
      proxy.cut(); // it is for new connections, and the open ones are kept for long
      return () => proxy.heal();
    case 'link.drop_answers':
      proxy.dropAnswers(fault.times);
      proxy.cut();
      return () => proxy.heal();
  }
}

function concerns(link: Link, from: string): Pick<Injected, 'worker'> {
  return link.from === 'worker' ? { worker: from } : {};
}
