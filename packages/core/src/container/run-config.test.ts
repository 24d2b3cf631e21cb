import { expect, test } from 'vitest';
import { runConfigOf } from './run-config.ts';

const imageConfig = {
  env: ['A=image', 'B=image'],
  entrypoint: ['/entry'],
  command: ['serve'],
  labels: { a: 'image' },
  exposedPorts: ['80/tcp'],
  workingDir: '/srv',
  volumes: ['/data'],
};

test("the run configuration of a request that asks for nothing is the image's", () => {
  expect(runConfigOf({ request: { image: 'x' }, imageConfig })).toEqual(imageConfig);
});

test('a request wins over the image, entry by entry where there are entries', () => {
  const request = {
    image: 'x',
    env: ['B', 'A=mine', 'C=new'],
    command: ['run'],
    labels: { b: 'mine' },
    exposedPorts: ['80/tcp', '81/udp'],
    user: 'me',
    workingDir: '/tmp',
    stopSignal: 'SIGINT',
  };
  expect(runConfigOf({ request, imageConfig })).toEqual({
    env: ['A=mine', 'C=new'],
    entrypoint: ['/entry'],
    command: ['run'],
    labels: { a: 'image', b: 'mine' },
    exposedPorts: ['80/tcp', '81/udp'],
    user: 'me',
    workingDir: '/tmp',
    stopSignal: 'SIGINT',
    volumes: ['/data'],
  });
});

test("an entry point of the request drops the image's command", () => {
  expect(runConfigOf({ request: { image: 'x', entrypoint: ['/mine'] }, imageConfig })).toMatchObject({ entrypoint: ['/mine'] });
  expect(runConfigOf({ request: { image: 'x', entrypoint: ['/mine'] }, imageConfig })).not.toHaveProperty('command');
});
