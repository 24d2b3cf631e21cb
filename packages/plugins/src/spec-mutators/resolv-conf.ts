import { isIP } from 'node:net';
import { JockerError, type CreateRequest } from '@jocker/core';

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
