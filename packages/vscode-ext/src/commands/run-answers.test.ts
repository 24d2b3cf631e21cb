import { describe, expect, test } from 'vitest';
import { answersOf, noAnswers, runRequest, splitWords, type RunAnswers } from './run-answers.ts';

const answers = (over: Partial<RunAnswers>): RunAnswers => ({ ...noAnswers, image: 'host:busybox', ...over });

describe('words', () => {
  test.each([
    ['a b  c', ['a', 'b', 'c']],
    [`sh -c "echo 'x y'"`, ['sh', '-c', "echo 'x y'"]],
    [`'a b' c\\ d`, ['a b', 'c d']],
    [`A="x \\" y"`, ['A=x " y']],
    [`""`, ['']],
    ['', []],
  ])('of %s are those of a shell', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  test('with a quote that is not closed are refused', () => {
    expect(() => splitWords(`sh -c "echo`)).toThrow('a quote is not closed');
  });
});

describe('the run form', () => {
  test('makes a request of its answers', () => {
    const made = runRequest(
      answers({ command: 'sleep 10', env: 'A=1 B="x y"', mounts: '/src:/app:ro', limits: 'memory=64m cpus=0.5 pids=9', name: 'web' }),
      '/work',
    );
    expect(made).toEqual({
      image: 'host:busybox',
      command: ['sleep', '10'],
      env: ['A=1', 'B=x y'],
      mounts: [{ type: 'bind', source: '/src', target: '/app', readonly: true }],
      resources: { memoryBytes: 64 * 1024 * 1024, nanoCpus: 5e8, pidsLimit: 9 },
      name: 'web',
      origin: '/work',
    });
  });

  test('asks for nothing that was left empty', () => {
    expect(runRequest(answers({}), '')).toEqual({ image: 'host:busybox' });
  });

  test.each([
    [{ env: 'A' }, 'is not NAME=VALUE'],
    [{ mounts: 'here:there' }, 'is not /source:/target[:ro]'],
    [{ limits: 'speed=fast' }, 'is none of memory=256m'],
  ])('says what is wrong with %o', (over, sentence) => {
    expect(() => runRequest(answers(over), '')).toThrow(sentence);
  });

  test('shows a request as it would have been typed', () => {
    const request = runRequest(
      answers({ command: `sh -c "echo 'a b'"`, env: 'A="1 2"', mounts: '/a:/b', limits: 'memory=1024 cpus=2' }),
      '',
    );
    expect(runRequest(answersOf(request), '')).toEqual(request);
  });
});
