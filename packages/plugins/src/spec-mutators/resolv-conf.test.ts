import { describe, expect, test } from 'vitest';
import { resolvConfOfHost } from './resolv-conf.ts';

const local = 'nameserver 127.0.0.53\noptions edns0\n';
const behind = 'nameserver 192.0.2.1\n';

describe('the resolv.conf of the host', () => {
  test.each([
    ['is what stands behind a resolver on the loopback', 'bridge', local, behind, behind],
    ['is its own in its own network', 'host', local, behind, local],
    ['is its own when one server is elsewhere', 'bridge', `${local}nameserver 192.0.2.9\n`, behind, `${local}nameserver 192.0.2.9\n`],
    ['is its own when nothing stands behind it', 'bridge', local, '', local],
    ['is its own without any server', 'bridge', 'search a.b\n', behind, 'search a.b\n'],
  ])('%s', async (_what, network, own, other, expected) => {
    const read = async (path: string): Promise<string> => (path === '/etc/resolv.conf' ? own : other);
    expect(await resolvConfOfHost({ image: 'a', network }, read)).toBe(expected);
  });
});
