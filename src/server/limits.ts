/**
 * How long a client may take until its call is there. A client sends it at once; the limit is for one that is stopped, or that is no
 * client.
 */
export const REQUEST_LIMIT_MS = 10_000;

/**
 * How many accepted connections may have said nothing, or not enough, yet. For one more, the oldest of them has to go: a client speaks
 * within a millisecond, so the oldest silent one is the least likely to be a client.
 */
export const MAX_SILENT_CALLS = 64;

/**
 * How long a connection that was greeted may say nothing before it may have to go: on a machine that is very busy, a client can wait
 * for a processor for a while.
 */
export const SILENCE_LIMIT_MS = 1_000;

/** How long an executor may read its call before it no longer keeps others from starting. */
export const RECEIVING_LIMIT_MS = 250;

/** How many executors may be beyond that limit. For one more, the oldest is ended. */
export const MAX_SLOW_CALLS = 8;

/**
 * A version 2 call up to this size is given to an executor when it is there as a whole. A larger one may not fit into a socket's buffer
 * (212992 bytes by default, which count the kernel's own share: net.core.wmem_default), so an executor begins to read it when this much is there.
 */
export const WHOLE_CALL_BYTES = 64 * 1024;

/** How soon to look again at a call that is not there as a whole; twice as long each time, up to the second. */
export const FIRST_LOOK_MS = 2;
export const LAST_LOOK_MS = 100;

/** How long after SIGINT an executor whose client has gone may take to end, before it gets SIGKILL. */
export const EXECUTOR_GRACE_MS = 5_000;

/**
 * How often to look whether anybody is left in the process group of a call whose client has gone and whose executor has ended: nobody tells
 * of that. Not rarely, since the number of a group that is empty can be given to another.
 */
export const GROUP_LOOK_MS = 50;

/** The most executors that wait for calls: more calls than this do not come in the time that a fork takes. */
export const MAX_SPARES = 8;

/** How long after the last call a server keeps more than one executor waiting. */
export const SPARE_REST_MS = 2_000;

/** How long a fork waits for a call that is under way: those that last longer do not suffer from it. */
export const SHORT_CALL_MS = 20;
