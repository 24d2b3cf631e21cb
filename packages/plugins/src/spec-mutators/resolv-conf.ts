import { isIP } from 'node:net';
import { JockerError, type CreateRequest } from '@jocker/core';

/** Where systemd-resolved, which listens on 127.0.0.53 only, keeps the servers that it asks itself. */
const behindLocalResolver = '/run/systemd/resolve/resolv.conf';

/** The host's file; for a network namespace of its own the one behind it, when the host's has only servers on its own loopback. */
export async function resolvConfOfHost({ network }: CreateRequest, read: (path: string) => Promise<string>): Promise<string> {
  const text = await read('/etc/resolv.conf');
  const servers = text.match(/^[ \t]*nameserver[ \t].*$/gm) ?? [];
  if (network === 'host' || servers.length === 0 || !servers.every((line) => /\s(127\.|::1\s*$)/.test(line))) return text;
  return (await read(behindLocalResolver)) || text;
}

/** Whether the request says anything that the host's file does not. */
export function changesResolvConf({ dns = [], dnsSearch = [], dnsOptions = [] }: CreateRequest): boolean {
  return dns.length + dnsSearch.length + dnsOptions.length > 0;
}

/** The host's file with what the request says in place of the host's lines of the same kind. */
export function resolvConf({ dns = [], dnsSearch = [], dnsOptions = [] }: CreateRequest, ofHost: string): string {
  const kept = ofHost.split('\n').filter((line) => {
    const keyword = line.trimStart().split(/\s/, 1)[0];
    if (keyword === 'nameserver') return dns.length === 0;
    if (keyword === 'search' || keyword === 'domain') return dnsSearch.length === 0;
    if (keyword === 'options') return dnsOptions.length === 0;
    return line.trim() !== '' && !line.startsWith('#') && !line.startsWith(';');
  });
  for (const server of dns) {
    if (isIP(server) === 0) throw invalid('DNS server', server, 'an IP address');
    kept.push(`nameserver ${server}`);
  }
  // A lone dot means: no search list at all.
  const domains = dnsSearch.filter((domain) => domain !== '.');
  for (const domain of domains) if (!/^[A-Za-z0-9_.-]{1,255}$/.test(domain)) throw invalid('DNS search domain', domain, 'a domain');
  if (domains.length > 0) kept.push(`search ${domains.join(' ')}`);
  for (const option of dnsOptions) if (!/^[a-z0-9:-]{1,64}$/.test(option)) throw invalid('DNS option', option, 'an option of resolv.conf');
  if (dnsOptions.length > 0) kept.push(`options ${dnsOptions.join(' ')}`);
  return `${kept.join('\n')}\n`;
}

function invalid(what: string, value: string, expected: string): JockerError {
  return new JockerError('invalid-argument', `${what} ${JSON.stringify(value)} is not ${expected}`);
}
