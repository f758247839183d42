import { startDigestThread } from './digestThread.node.ts';

/** Entry of the threads that digest samples, for hosts whose own script cannot be started as one. */
startDigestThread();
