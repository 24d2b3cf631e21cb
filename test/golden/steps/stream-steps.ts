import type { Step } from '../step.ts';

const container = (name: string, script: string, more: object = {}): readonly Step[] => [
  {
    name: `make ${name}`,
    request: `POST /containers/create?name=${name}`,
    json: { Image: 'golden:1', Cmd: ['sh', '-c', script], HostConfig: { NetworkMode: 'none' }, ...more },
    silent: true,
  },
  { name: `start ${name}`, request: `POST /containers/${name}/start`, silent: true },
];
const ended = (name: string): Step => ({
  name: `${name} ends`,
  request: `GET /containers/${name}/json`,
  until: ['State.Status', 'exited'],
  silent: true,
});
const output = (name: string, request: string, more: Partial<Step> = {}): Step => ({ name, request, answer: 'output', ...more });

/** A session in `base`: made, started with a hijack, awaited, inspected. */
const exec = (name: string, body: object, start: object, more: Partial<Step> = {}): readonly Step[] => [
  { name: `${name}: create`, request: 'POST /containers/base/exec', json: body, save: { exec: 'Id' } },
  output(`${name}: start`, 'POST /exec/{exec}/start', { json: start, hijack: { upgrade: true, input: '' }, ...more }),
  { name: `${name} ends`, request: 'GET /exec/{exec}/json', until: ['Running', false], silent: true },
  {
    name: `${name}: inspect`,
    request: 'GET /exec/{exec}/json',
    values: ['ExitCode', 'Running', 'OpenStdin', 'OpenStdout', 'OpenStderr', 'ProcessConfig', 'CanRemove', 'DetachKeys'],
  },
];
const attached = { AttachStdout: true, AttachStderr: true };

export const streamSteps: readonly Step[] = [
  ...container('said', 'echo one; echo two >&2; sleep 0.1; printf three'),
  ended('said'),
  output('logs', 'GET /containers/said/logs?stdout=1&stderr=1'),
  output('logs of one stream', 'GET /containers/said/logs?stderr=1'),
  output('logs with times', 'GET /containers/said/logs?stdout=1&timestamps=1'),
  output('logs, the last line', 'GET /containers/said/logs?stdout=1&tail=1'),
  output('logs, no line', 'GET /containers/said/logs?stdout=1&stderr=1&tail=0'),
  output('logs, followed to the end', 'GET /containers/said/logs?stdout=1&follow=1'),
  output('logs since tomorrow', 'GET /containers/said/logs?stdout=1&since=4000000000'),
  output('logs until long ago', 'GET /containers/said/logs?stdout=1&until=1000000000'),
  { name: 'logs of no stream', request: 'GET /containers/said/logs' },
  { name: 'logs since no time', request: 'GET /containers/said/logs?stdout=1&since=yesterday' },
  { name: 'logs of what is not there', request: 'GET /containers/nothing/logs?stdout=1' },
  output('attach to the log', 'POST /containers/said/attach?logs=1&stdout=1&stderr=1', { hijack: { upgrade: true } }),
  { name: 'attach to what is not there', request: 'POST /containers/nothing/attach?stream=1&stdout=1' },
  { name: 'attach with keys that are none', request: 'POST /containers/said/attach?stream=1&stdout=1&detachKeys=ctrl-%C3%A4' },
  { name: 'changes', request: 'GET /containers/said/changes' },
  { name: 'changes of what is not there', request: 'GET /containers/nothing/changes' },
  ...container('typed', 'read line; echo "got $line"; stty size', { Tty: true, OpenStdin: true, StdinOnce: true }),
  { name: 'resize', request: 'POST /containers/typed/resize?h=11&w=22' },
  output('attach to a terminal', 'POST /containers/typed/attach?stream=1&stdin=1&stdout=1&stderr=1', {
    hijack: { upgrade: true, input: 'words\n' },
  }),
  ended('typed'),
  output('logs of a terminal', 'GET /containers/typed/logs?stdout=1&stderr=1'),
  ...container('fed', 'cat; echo end >&2', { OpenStdin: true, StdinOnce: true }),
  output('attach with input and its end', 'POST /containers/fed/attach?stream=1&stdin=1&stdout=1&stderr=1', {
    hijack: { upgrade: true, input: 'some words\n' },
  }),
  ended('fed'),
  ...container('base', 'mkdir /made; echo text >/made/file; rm /etc/group; exec sleep 1000'),
  { name: 'base is ready', request: 'GET /containers/base/top?ps_args=-o%20pid,comm', until: ['Processes.0.1', 'sleep'], silent: true },
  { name: 'changes with all kinds', request: 'GET /containers/base/changes' },
  ...exec('an exec', { ...attached, Cmd: ['sh', '-c', 'echo out; echo err >&2; exit 4'] }, {}),
  ...exec('an exec with input', { ...attached, AttachStdin: true, Cmd: ['cat'] }, {}, { hijack: { upgrade: true, input: 'fed\n' } }),
  ...exec('an exec with a terminal', { ...attached, Tty: true, Cmd: ['sh', '-c', 'echo out; echo err >&2'] }, { Tty: true }),
  ...exec(
    'an exec as a user',
    { ...attached, User: '1000', Env: ['A=1'], WorkingDir: '/tmp', Cmd: ['sh', '-c', 'id -u; echo $A; pwd'] },
    {},
  ),
  ...exec('an exec of nothing', { ...attached, Cmd: ['no-such-program'] }, {}),
  ...exec('an exec that is detached', { Cmd: ['true'] }, { Detach: true }, { answer: 'text' }),
  { name: 'start an exec again', request: 'POST /exec/{exec}/start', json: {} },
  { name: 'an exec without a command', request: 'POST /containers/base/exec', json: { AttachStdout: true } },
  { name: 'an exec without a body', request: 'POST /containers/base/exec' },
  { name: 'an exec with a command that is text', request: 'POST /containers/base/exec', json: { Cmd: 'true' } },
  { name: 'an exec in what is not there', request: 'POST /containers/nothing/exec', json: { Cmd: ['true'] } },
  { name: 'an exec in what does not run', request: 'POST /containers/said/exec', json: { Cmd: ['true'] } },
  { name: 'start an exec that is not there', request: 'POST /exec/nothing/start', json: {} },
  { name: 'inspect an exec that is not there', request: 'GET /exec/nothing/json' },
  { name: 'resize an exec that is not there', request: 'POST /exec/nothing/resize?h=1&w=1' },
  { name: 'what runs with execs', request: 'GET /containers/base/json' },
];
