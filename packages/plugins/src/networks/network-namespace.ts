import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlink } from 'node:fs/promises';
import type { NetworkNamespace } from '@jocker/core/testing';
import { execa } from 'execa';

/** For tests: a process of its own network namespace that does nothing. */
export async function openNetworkNamespace(): Promise<NetworkNamespace> {
  const child = spawn('unshare', ['-n', 'sleep', '600'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const ours = await readlink('/proc/self/ns/net');
  while ((await readlink(`/proc/${pid}/ns/net`)) === ours) await new Promise((resolve) => setTimeout(resolve, 5));
  const inside = async (args: readonly string[]): Promise<{ readonly succeeded: boolean; readonly stdout: string }> => {
    const { exitCode, stdout } = await execa('nsenter', ['-n', '-t', String(pid), ...args], { reject: false });
    return { succeeded: exitCode === 0, stdout };
  };
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return {
    pid,
    async addresses() {
      const { stdout } = await inside(['ip', '-j', '-4', 'addr']);
      const links = JSON.parse(stdout || '[]') as { ifname?: string; addr_info?: { local: string; prefixlen: number }[] }[];
      return links.flatMap(({ ifname, addr_info = [] }) =>
        ifname === 'lo' ? [] : addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
      );
    },
    reaches: async (address) => (await inside(['ping', '-c', '1', '-W', '1', address])).succeeded,
    end,
    [Symbol.asyncDispose]: end,
  };
}
