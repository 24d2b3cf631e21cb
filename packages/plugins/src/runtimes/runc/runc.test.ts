import { runtimeBackendContract } from '@jocker/core/testing';
import { createBusyboxHarness } from '../oci-cli/busybox-harness.ts';
import { runcCommandLine } from './runc.ts';

runtimeBackendContract('runc', () => createBusyboxHarness(runcCommandLine));
