import { definePlugin, type Plugin } from '@jocker/core';
import { createGitSource } from './git-source.ts';

const git: Plugin = definePlugin({
  name: 'git',
  setup(jocker) {
    jocker.provide('imageSource', () => createGitSource());
  },
});
export default git;
