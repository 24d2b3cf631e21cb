import { busyboxEntries, makeTar } from '@jocker/core/testing';
import type { Step } from '../step.ts';

const tar = { 'content-type': 'application/x-tar' };
const json = { 'content-type': 'application/json' };

/** Leaves `golden:1` behind, with which the others make containers. */
export async function imageSteps(): Promise<readonly Step[]> {
  const root = makeTar(await busyboxEntries());
  // Small: an answer that comes before the body was read breaks the connection of a client that still writes.
  const small = makeTar([{ path: 'file', content: 'hello' }]);
  const change = encodeURIComponent('CMD ["sh"]');
  const label = encodeURIComponent('LABEL made=here');
  return [
    { name: 'images of an engine that has none', request: 'GET /images/json' },
    {
      name: 'import',
      request: `POST /images/create?fromSrc=-&repo=golden&tag=1&message=hello&changes=${change}&changes=${label}`,
      body: root,
      headers: tar,
      answer: 'lines',
    },
    { name: 'import with a change that is none', request: 'POST /images/create?fromSrc=-&changes=DANCE', body: small, headers: tar },
    { name: 'import under a name that is none', request: 'POST /images/create?fromSrc=-&repo=UPPER', body: small, headers: tar },
    { name: 'images', request: 'GET /images/json', values: ['[].RepoTags', '[].Labels', '[].Containers', '[].SharedSize'] },
    { name: 'images by reference', request: 'GET /images/json?filters={"reference":{"golden":true}}', values: ['[].RepoTags'] },
    {
      name: 'images by reference in the old form',
      request: 'GET /images/json?filters={"reference":["golden:*"]}',
      values: ['[].RepoTags'],
    },
    { name: 'images by a reference that none has', request: 'GET /images/json?filters={"reference":["other"]}' },
    { name: 'images by label', request: 'GET /images/json?filters={"label":["made=here"]}', values: ['[].RepoTags'] },
    { name: 'images by a label that none has', request: 'GET /images/json?filters={"label":["made=there"]}' },
    { name: 'images that dangle', request: 'GET /images/json?filters={"dangling":["true"]}' },
    { name: 'images by a wrong value', request: 'GET /images/json?filters={"dangling":["perhaps"]}' },
    { name: 'images by a wrong filter', request: 'GET /images/json?filters={"colour":["red"]}' },
    { name: 'images before one that is not there', request: 'GET /images/json?filters={"before":["nothing"]}' },
    {
      name: 'inspect an image',
      request: 'GET /images/golden:1/json',
      save: { image: 'Id' },
      values: ['RepoTags', 'Comment', 'Os', 'Config.Cmd', 'Config.Labels', 'RootFS.Type'],
    },
    { name: 'inspect an image by its id', request: 'GET /images/{image}/json', values: ['RepoTags'] },
    { name: 'inspect an image that is not there', request: 'GET /images/nothing/json' },
    { name: 'inspect an image whose name is none', request: 'GET /images/UPPER/json' },
    { name: 'history', request: 'GET /images/golden:1/history', values: ['[].Tags', '[].Comment'] },
    { name: 'history of an image that is not there', request: 'GET /images/nothing/history' },
    { name: 'tag', request: 'POST /images/golden:1/tag?repo=example.com/some/thing&tag=v2' },
    { name: 'tag an image that is not there', request: 'POST /images/nothing/tag?repo=thing' },
    { name: 'tag with a name that is none', request: 'POST /images/golden:1/tag?repo=UPPER' },
    { name: 'tag with a tag that is none', request: 'POST /images/golden:1/tag?repo=thing&tag=-no' },
    { name: 'tag without a name', request: 'POST /images/golden:1/tag' },
    { name: 'inspect an image with two names', request: 'GET /images/example.com/some/thing:v2/json', values: ['RepoTags'] },
    { name: 'save', request: 'GET /images/golden:1/get', answer: 'tar' },
    { name: 'save several', request: 'GET /images/get?names=golden:1&names=example.com/some/thing:v2', answer: 'tar' },
    { name: 'untag', request: 'DELETE /images/example.com/some/thing:v2', values: ['[].Untagged'] },
    { name: 'remove an image that is not there', request: 'DELETE /images/nothing' },
    { name: 'load what is no archive', request: 'POST /images/load?quiet=1', body: 'nonsense', headers: tar, answer: 'lines' },
    { name: 'pull from nobody', request: 'POST /images/create?fromImage=127.0.0.1:1/nothing&tag=1', answer: 'lines' },
    { name: 'pull a name that is none', request: 'POST /images/create?fromImage=UPPER&tag=1' },
    { name: 'pull without a name', request: 'POST /images/create' },
    {
      name: 'push an image that is not there',
      request: 'POST /images/127.0.0.1:1/nothing/push',
      headers: { 'x-registry-auth': 'e30=' },
      answer: 'lines',
    },
    { name: 'commit a container that is not there', request: 'POST /commit?container=nothing', json: {} },
    { name: 'commit without a container', request: 'POST /commit', json: {} },
    {
      name: 'make one of no use',
      request: 'POST /images/create?fromSrc=-&changes=' + encodeURIComponent('ENV of=nothing'),
      body: small,
      headers: tar,
      silent: true,
    },
    { name: 'images that dangle after all', request: 'GET /images/json?filters={"dangling":{"true":true}}' },
    { name: 'prune images', request: 'POST /images/prune?filters={"dangling":["true"]}' },
    { name: 'prune images again', request: 'POST /images/prune' },
    { name: 'prune images by a wrong filter', request: 'POST /images/prune?filters={"colour":["red"]}' },
    { name: 'a search', request: 'GET /images/search', headers: json },
  ];
}
