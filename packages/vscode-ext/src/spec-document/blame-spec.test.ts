import { expect, test } from 'vitest';
import type { SpecStep } from '@jocker/protocol';
import { blameSpec, specAfter } from './blame-spec.ts';

const steps: readonly SpecStep[] = [
  {
    mutator: 'default',
    plugin: 'core',
    durationMs: 1,
    patch: [{ op: 'add', path: '', value: { process: { args: ['sh'], env: ['A=1'] }, linux: { a: 1 } } }],
  },
  { mutator: 'env', plugin: 'mutators', durationMs: 1, patch: [{ op: 'add', path: '/process/env/1', value: 'B=2' }] },
  {
    mutator: 'image',
    plugin: 'mutators',
    durationMs: 1,
    patch: [
      { op: 'replace', path: '/process/args', value: ['true'] },
      { op: 'remove', path: '/linux/a' },
    ],
  },
];

test('each value names the last mutator that set it', () => {
  expect(blameSpec(steps)).toBe(`{ // set by default
  "process": {
    "args": [ // set by image
      "true"
    ],
    "env": [
      "A=1",
      "B=2" // set by env
    ]
  },
  "linux": {}
}
`);
});

test('the spec after some steps lacks what later steps did', () => {
  expect(specAfter(steps, 2)).toEqual({ process: { args: ['sh'], env: ['A=1', 'B=2'] }, linux: { a: 1 } });
});
