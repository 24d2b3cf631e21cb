import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Digest } from '../oci/digest.ts';
import { chainIds, topChainId } from './chain-id.ts';

const diff = (digit: string): Digest => `sha256:${digit.repeat(64)}`;

test('the first chain id is the first diff id, each further one hashes the one below with its own', () => {
  const second = createHash('sha256')
    .update(`${diff('a')} ${diff('b')}`)
    .digest('hex');
  const third = createHash('sha256')
    .update(`sha256:${second} ${diff('c')}`)
    .digest('hex');
  expect(chainIds([diff('a'), diff('b'), diff('c')])).toEqual([diff('a'), `sha256:${second}`, `sha256:${third}`]);
  expect(topChainId([])).toBeUndefined();
});
