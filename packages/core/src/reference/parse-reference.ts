import { JockerError } from '../errors/jocker-error.ts';
import { isDigest } from '../oci/parse-digest.ts';
import type { ImageReference, RegistryReference } from './image-reference.ts';

// The grammar of distribution/reference, which docker and every registry use.
const domainPattern =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*(?::[0-9]+)?$|^\[[0-9a-fA-F:]+\](?::[0-9]+)?$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const nameLengthMax = 255;

const defaultDomain = 'docker.io';
const officialPrefix = 'library/';

/**
 * `schemes` are those that the loaded image sources claim: `oci:./layout` is a scheme only when one of them claims `oci`.
 * Throws `invalid-argument` with what is wrong.
 */
export function parseReference(text: string, options: { readonly schemes?: Iterable<string> } = {}): ImageReference {
  const colon = text.indexOf(':');
  if (colon > 0) {
    const scheme = text.slice(0, colon);
    for (const known of options.schemes ?? []) {
      if (known !== scheme) continue;
      const location = text.slice(colon + 1);
      if (location === '') throw invalid(text, `nothing stands behind "${scheme}:"`);
      return { kind: 'scheme', text, scheme, location };
    }
  }
  return parseRegistryReference(text);
}

/** Throws `invalid-argument`. */
export function parseRegistryReference(text: string): RegistryReference {
  if (text === '') throw new JockerError('invalid-argument', 'the image reference is empty');
  if (/^[0-9a-f]{64}$/.test(text)) throw invalid(text, 'it looks like an image id, which no registry knows');
  const at = text.indexOf('@');
  const digestText = at < 0 ? undefined : text.slice(at + 1);
  if (digestText !== undefined && !isDigest(digestText)) throw invalid(text, `"${digestText.slice(0, 80)}" is not a digest`);
  const name = at < 0 ? text : text.slice(0, at);
  const colon = name.lastIndexOf(':');
  const hasTag = colon > name.lastIndexOf('/');
  const tag = hasTag ? name.slice(colon + 1) : digestText === undefined ? 'latest' : undefined;
  if (tag !== undefined && !tagPattern.test(tag)) throw invalid(text, `"${tag.slice(0, 140)}" is not a tag`);
  const { domain, path } = splitDomain(hasTag ? name.slice(0, colon) : name);
  if (!domainPattern.test(domain)) throw invalid(text, `"${domain}" is not a registry`);
  if (/[A-Z]/.test(path)) throw invalid(text, 'the repository name must be lower case');
  if (!path.split('/').every((component) => componentPattern.test(component))) throw invalid(text, `"${path}" is not a repository name`);
  if (domain.length + path.length + 1 > nameLengthMax)
    throw invalid(text, `the repository name is longer than ${nameLengthMax} characters`);
  const digest = digestText !== undefined && isDigest(digestText) ? digestText : undefined;
  return {
    kind: 'registry',
    text: `${domain}/${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`,
    domain,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The first component is a registry when it could not be a folder on Docker Hub. */
function splitDomain(name: string): { readonly domain: string; readonly path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isDomain = first.includes('.') || first.includes(':') || first === 'localhost' || /[A-Z]/.test(first);
  const domain = isDomain ? (first === 'index.docker.io' ? defaultDomain : first) : defaultDomain;
  const path = isDomain ? name.slice(slash + 1) : name;
  return { domain, path: domain === defaultDomain && !path.includes('/') ? `${officialPrefix}${path}` : path };
}

/** As docker shows it: `docker.io/library/alpine:3.22` is `alpine:3.22`. Takes a normalised text. */
export function familiarReference(text: string): string {
  const short = text.startsWith(`${defaultDomain}/`) ? text.slice(defaultDomain.length + 1) : text;
  const rest = short.slice(officialPrefix.length);
  return short.startsWith(officialPrefix) && !rest.includes('/') ? rest : short;
}

/** `docker.io/library/alpine` of any registry reference; for `name@digest`. */
export function repositoryOf(reference: RegistryReference): string {
  return `${reference.domain}/${reference.path}`;
}

function invalid(text: string, why: string): JockerError {
  return new JockerError('invalid-argument', `invalid reference "${text.slice(0, 300)}": ${why}`, {
    details: { reference: text.slice(0, 300) },
  });
}
