import { makeTar } from '@jocker/core/testing';
import type { Step } from '../step.ts';

const tar = { 'content-type': 'application/x-tar' };
const archive = makeTar([{ path: 'in/' }, { path: 'in/file', content: 'hello' }]);

/** Files of `base`, which runs, and of `said`, which has ended; and what becomes of them as images. */
export const fileSteps: readonly Step[] = [
  { name: 'what is at a path', request: 'HEAD /containers/base/archive?path=/made/file' },
  { name: 'what is at a path that is not there', request: 'HEAD /containers/base/archive?path=/nothing' },
  { name: 'a file as an archive', request: 'GET /containers/base/archive?path=/made/file', answer: 'tar' },
  { name: 'a folder as an archive', request: 'GET /containers/base/archive?path=/made', answer: 'tar' },
  { name: 'the inside of a folder as an archive', request: 'GET /containers/base/archive?path=/made/.', answer: 'tar' },
  { name: 'a file that is not there', request: 'GET /containers/base/archive?path=/nothing' },
  { name: 'an archive of no path', request: 'GET /containers/base/archive' },
  { name: 'an archive of what is not there', request: 'GET /containers/nothing/archive?path=/' },
  { name: 'put an archive', request: 'PUT /containers/base/archive?path=/tmp', body: archive, headers: tar },
  { name: 'what was put', request: 'GET /containers/base/archive?path=/tmp/in', answer: 'tar' },
  { name: 'put an archive where nothing is', request: 'PUT /containers/base/archive?path=/nothing', body: archive, headers: tar },
  { name: 'put an archive into a file', request: 'PUT /containers/base/archive?path=/made/file', body: archive, headers: tar },
  { name: 'put an archive at no path', request: 'PUT /containers/base/archive', body: archive, headers: tar },
  { name: 'put what is no archive', request: 'PUT /containers/base/archive?path=/tmp', body: 'x'.repeat(2000), headers: tar },
  { name: 'put an archive into what has ended', request: 'PUT /containers/said/archive?path=/', body: archive, headers: tar },
  { name: 'a file of what has ended', request: 'GET /containers/said/archive?path=/in/file', answer: 'tar' },
  { name: 'export', request: 'GET /containers/said/export', answer: 'tar' },
  { name: 'export what is not there', request: 'GET /containers/nothing/export' },
  {
    name: 'commit',
    request: `POST /commit?container=said&repo=kept&tag=2&comment=why&author=who&changes=${encodeURIComponent('ENV A=b')}`,
    json: {},
  },
  {
    name: 'inspect what was committed',
    request: 'GET /images/kept:2/json',
    values: ['RepoTags', 'Comment', 'Author', 'Config.Env', 'Config.Cmd'],
  },
  { name: 'commit with a change that is none', request: 'POST /commit?container=said&changes=DANCE', json: {} },
  { name: 'commit to a name that is none', request: 'POST /commit?container=said&repo=UPPER', json: {} },
  { name: 'history of what was committed', request: 'GET /images/kept:2/history', values: ['[].Tags', '[].Comment'] },
  { name: 'remove an image in use', request: 'DELETE /images/golden:1' },
  { name: 'remove an image', request: 'DELETE /images/kept:2', values: ['[].Untagged'] },
  { name: 'disk usage of what is in use', request: 'GET /system/df' },
  { name: 'remove by force', request: 'DELETE /containers/base?force=1' },
  { name: 'a checkpoint', request: 'POST /containers/said/checkpoints', json: { CheckpointID: 'x' } },
  ...['said', 'typed', 'fed'].map((name): Step => ({ name: `away with ${name}`, request: `DELETE /containers/${name}?v=1`, silent: true })),
];
