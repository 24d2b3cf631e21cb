import {
  asBoolean,
  asNumber,
  asObject,
  asString,
  asStringMap,
  asStrings,
  JockerError,
  parseHealthcheck,
  type CreateRequest,
} from '@jocker/core';
import { createFieldReader } from './field-reader.ts';
import { readEndpoints, withMacAddress } from './endpoint-settings.ts';
import { readHostConfig } from './host-config.ts';

type Draft = { -readonly [K in keyof CreateRequest]: CreateRequest[K] };

export interface TranslatedCreate {
  readonly request: CreateRequest;
  /** What the client asked for and does not get. */
  readonly warnings: readonly string[];
}

/** The body of POST /containers/create. Throws `invalid-argument` for nonsense and `unsupported` for what jocker has not. */
export function translateCreate(body: unknown, name: string | undefined, platform: string | undefined): TranslatedCreate {
  const config = asObject(body, 'body');
  const fields = createFieldReader(config, 'Config');
  const draft: Draft = { image: '', pull: 'never' };
  fields.take('Image', asString, (value) => (draft.image = value));
  if (draft.image === '') throw new JockerError('invalid-argument', 'no image was named');
  if (name !== undefined) draft.name = name.replace(/^\//, '');
  if (platform !== undefined) draft.platform = platform;

  const text = (field: string, use: (value: string) => void): void =>
    fields.take(field, asString, (value) => {
      if (value !== '') use(value);
    });
  text('Hostname', (value) => (draft.hostname = value));
  text('Domainname', (value) => (draft.domainname = value));
  text('User', (value) => (draft.user = value));
  text('WorkingDir', (value) => (draft.workingDir = value));
  text('StopSignal', (value) => (draft.stopSignal = value));
  fields.take('Cmd', asWords, (value) => (draft.command = value));
  fields.take('Entrypoint', asWords, (value) => (draft.entrypoint = value.length === 1 && value[0] === '' ? [] : value));
  fields.take('Env', asStrings, (value) => (draft.env = value));
  fields.take('Labels', asStringMap, (value) => (draft.labels = value));
  fields.take('ExposedPorts', asObject, (value) => (draft.exposedPorts = Object.keys(value)));
  fields.take('Tty', asBoolean, (value) => (draft.tty = value));
  fields.take('OpenStdin', asBoolean, (value) => (draft.openStdin = value));
  fields.take('StdinOnce', asBoolean, (value) => (draft.stdinOnce = value));
  fields.take('StopTimeout', asNumber, (value) => (draft.stopTimeoutSeconds = value));
  fields.take('Healthcheck', parseHealthcheck, (value) => (draft.healthcheck = value));
  const attach = { stdin: false, stdout: false, stderr: false };
  fields.take('AttachStdin', asBoolean, (value) => (attach.stdin = value));
  fields.take('AttachStdout', asBoolean, (value) => (attach.stdout = value));
  fields.take('AttachStderr', asBoolean, (value) => (attach.stderr = value));
  draft.attach = attach;
  fields.take('NetworkDisabled', asBoolean, (value) => {
    if (value) draft.network = 'none';
  });
  const volumePaths: string[] = [];
  fields.take('Volumes', asObject, (value) => {
    const paths = Object.keys(value);
    volumePaths.push(...paths);
  });
  // Of the client or of builds; no effect on a container.
  fields.ignore('ArgsEscaped', 'OnBuild', 'Shell');
  let macAddress = '';
  fields.take('MacAddress', asString, (value) => (macAddress = value));

  let hostWarnings: readonly string[] = [];
  fields.take('HostConfig', asObject, (value) => {
    const host = createFieldReader(value, 'HostConfig');
    readHostConfig(host, draft);
    hostWarnings = host.finish();
  });
  fields.take('NetworkingConfig', asObject, (value) => {
    const endpoints = readEndpoints(value);
    if (endpoints.length === 0) return;
    // As dockerd: a client that names networks and no mode means these and no other.
    draft.network ??= endpoints[0]?.network ?? 'default';
    draft.endpoints = endpoints;
  });
  if (macAddress !== '') draft.endpoints = withMacAddress(draft.endpoints ?? [], draft.network ?? 'default', macAddress);
  const isTaken = (path: string): boolean =>
    (draft.mounts ?? []).some(({ target }) => target.replace(/\/+$/, '') === path.replace(/\/+$/, ''));
  const anonymous = volumePaths.filter((path) => !isTaken(path)).map((target) => ({ type: 'volume', target }) as const);
  if (anonymous.length > 0) draft.mounts = [...(draft.mounts ?? []), ...anonymous];
  return { request: draft, warnings: [...fields.finish(), ...hostWarnings] };
}

/** A command is a list; very old clients send one text. */
function asWords(value: unknown, path: string): readonly string[] {
  return typeof value === 'string' ? [value] : asStrings(value, path);
}
