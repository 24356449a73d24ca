/*
 * The lease, for Spin: the protocol of test/model/ once more, by other hands and with another search. One verifier
 * or two, a log that can lose its end, questions that are lost, late, doubled and out of order, and whoever waits.
 *
 * spin -a lease.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan
 * Sizes: -DVERIFIERS=2 -DENDS=1 -DLEASE=2 -DQUESTIONS=1, what may happen: -DLOSSES=1 -DRESTARTS=1 -DFORGETS=1.
 * -DRESTORE: a loss is a restore, which nobody announces, and not a fail-over. -DROWS: holders are rows, which somebody has to look at.
 * Each of these does one thing wrongly, and Spin has to find where it leads: -DNEWS_ALONE -DFROM_RECEIPT -DGAP_UNCHECKED -DBY_NUMBER
 * -DREPLACES -DSTANDBY -DRECORDED_AFTER -DONE_SNAPSHOT -DSENT_IS_APPLIED -DAPPLIED_BY_NUMBER -DFORGETFUL -DROWS_BELIEVED
 */
#ifndef VERIFIERS
#define VERIFIERS 1
#endif
#ifndef ENDS
#define ENDS 1
#endif
#ifndef LEASE
#define LEASE 2
#endif
#ifndef QUESTIONS
#define QUESTIONS 1
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef RESTARTS
#define RESTARTS 0
#endif
#ifndef FORGETS
#define FORGETS 0
#endif

#define ENTRIES (ENDS + LOSSES + 1)
#define SLOTS (VERIFIERS * QUESTIONS)
#define EPOCH 16
#define UNSEEN 255
#define FREE 0
#define SENT 1
#define BETWEEN 2
#define ANSWERED 3

#if defined(RECORDED_AFTER) || defined(ONE_SNAPSHOT)
#define READ_FIRST 1
#else
#define READ_FIRST 0
#endif

#define BIT(entry) (1 << (entry))
#define HAS(set, entry) (((set) >> (entry)) & 1)

/* Everything that was ever written, by its mark: 0 is the empty log. A path is the set of entries up to one. */
byte written = 0, tip = 0;
byte seq[ENTRIES], before[ENTRIES], path[ENTRIES];
bool is_epoch[ENTRIES];
byte age[ENTRIES];
byte waited = 0, ends = 0, losses = 0, restarts = 0, forgets = 0;

/* A verifier: where its copy ends, its table, what it ever applied, whether it has read all, since when its lease. */
byte position[VERIFIERS], table[VERIFIERS], applied[VERIFIERS], lease[VERIFIERS];
bool whole[VERIFIERS];
/* What whoever waits knows of it: since when, and up to which number. */
byte held[VERIFIERS], has_applied[VERIFIERS];
byte since = 0;

/* Questions on their way: stage, where the copy ended, whether all is asked for, how long ago, and what was read. */
byte stage[SLOTS], q_from[SLOTS], q_age[SLOTS], q_tip[SLOTS];
bool q_all[SLOTS];

byte i, j, v, q, e, chosen;
bool ok;

inline older(x) { if :: x < LEASE -> x++ :: else fi }

/* i: the entry of the log that ends in `at` with that number; 0 if there is none. */
inline find(at, number) {
  i = at;
  do :: i == 0 || seq[i] == number -> break :: else -> i = before[i] od
}

/* v applies what of the log up to `at` comes after a number. */
inline apply_after(at, number) {
  i = at;
  do
  :: i == 0 -> break
  :: else ->
    if :: seq[i] > number -> table[v] = table[v] | BIT(i); applied[v] = applied[v] | BIT(i) :: else fi;
    i = before[i]
  od
}

inline append(epoch) {
  written++;
  before[written] = tip;
  seq[written] = seq[tip] + 1 + (epoch -> EPOCH : 0);
  path[written] = path[tip] | BIT(written);
  is_epoch[written] = epoch;
  age[written] = 0;
  tip = written
}

inline free(slot) { stage[slot] = FREE; q_from[slot] = 0; q_age[slot] = 0; q_tip[slot] = 0; q_all[slot] = 0 }

inline nobody(x) { held[x] = LEASE; has_applied[x] = 0 }

inline start_over() { lease[v] = LEASE; whole[v] = 0 }

inline tick() {
  for (j : 1 .. ENTRIES - 1) { if :: HAS(path[tip], j) && !is_epoch[j] -> older(age[j]) :: else fi }
  for (j : 0 .. VERIFIERS - 1) {
#ifndef NEWS_ALONE
    older(lease[j]);
#endif
    if :: held[j] != UNSEEN -> older(held[j]) :: else fi;
    if :: held[j] == LEASE -> has_applied[j] = 0 :: else fi
  }
  for (j : 0 .. SLOTS - 1) { if :: stage[j] != FREE -> older(q_age[j]) :: else fi }
  if :: since != UNSEEN -> older(since) :: else fi
}

inline record() {
#ifdef SENT_IS_APPLIED
  has_applied[v] = seq[tip];
#else
  if
  :: q_all[q] -> has_applied[v] = 0
  :: else ->
#ifdef APPLIED_BY_NUMBER
    has_applied[v] = seq[q_from[q]]
#else
    has_applied[v] = (HAS(path[tip], q_from[q]) -> seq[q_from[q]] : 0)
#endif
  fi;
#endif
#ifdef ROWS
  held[v] = UNSEEN
#else
  held[v] = 0
#endif
}

inline read_log() {
  q_tip[q] = tip;
#ifdef STANDBY
  do :: q_tip[q] != 0 -> q_tip[q] = before[q_tip[q]] :: break od
#endif
}

inline renew() {
#ifdef FROM_RECEIPT
  lease[v] = 0
#else
  if :: q_age[q] < lease[v] -> lease[v] = q_age[q] :: else fi
#endif
}

inline hear() {
  if
  :: q_all[q] ->
#ifdef REPLACES
    table[v] = 0;
#endif
    apply_after(q_tip[q], 0);
    position[v] = q_tip[q];
    if
    :: seq[q_tip[q]] < seq[q_from[q]] -> start_over()
    :: else -> whole[v] = 1; renew()
    fi
  :: else ->
    find(q_tip[q], seq[q_from[q]]);
#ifdef BY_NUMBER
    ok = (seq[q_tip[q]] >= seq[q_from[q]]);
#else
    ok = (i == q_from[q]);
#endif
    if
    :: !ok -> position[v] = 0; start_over()
    :: else ->
      apply_after(q_tip[q], seq[q_from[q]]);
      if :: seq[q_tip[q]] >= seq[position[v]] -> position[v] = q_tip[q] :: else fi;
      if :: whole[v] -> renew() :: else fi
    fi
  fi;
  i = 0; ok = 0
}

/* News of entry e alone. */
inline overhear() {
  table[v] = table[v] | BIT(e); applied[v] = applied[v] | BIT(e);
#ifdef GAP_UNCHECKED
  ok = (seq[e] >= seq[position[v]]);
#else
  ok = (before[e] == position[v] && seq[position[v]] + 1 == seq[e]);
#endif
  if :: ok -> position[v] = e :: else fi;
  ok = 0
}

/* Nothing after the entry `chosen` is left. */
inline lose_end() {
  tip = chosen;
  for (j : 1 .. ENTRIES - 1) { if :: !HAS(path[tip], j) -> age[j] = 0 :: else fi }
  waited = waited & path[tip];
  for (j : 0 .. VERIFIERS - 1) { nobody(j) }
#ifndef ROWS_BELIEVED
#ifdef ROWS
  since = UNSEEN;
#else
  since = 0;
#endif
#endif
#ifndef RESTORE
  append(1);
#endif
  chosen = 0
}

inline forget() {
#ifdef ROWS
  for (j : 0 .. VERIFIERS - 1) { if :: held[j] < LEASE -> held[j] = UNSEEN :: else fi }
  since = UNSEEN
#else
  for (j : 0 .. VERIFIERS - 1) { nobody(j) }
#ifdef FORGETFUL
  since = LEASE
#else
  since = 0
#endif
#endif
}

inline look() {
  for (j : 0 .. VERIFIERS - 1) { if :: held[j] == UNSEEN -> held[j] = 0 :: else fi }
  if :: since == UNSEEN -> since = 0 :: else fi
}

/* Says that nobody accepts what e ended, if it can know that. */
inline wait() {
  look();
  ok = (since >= LEASE);
  for (j : 0 .. VERIFIERS - 1) { if :: held[j] < LEASE && has_applied[j] < seq[e] -> ok = 0 :: else fi }
  if :: ok -> waited = waited | BIT(e) :: else fi;
  ok = 0
}

inline promises() {
  for (v : 0 .. VERIFIERS - 1) {
    assert((path[position[v]] & ~applied[v]) == 0);        /* a copy goes up to where it says */
    if
    :: lease[v] < LEASE ->
      for (j : 1 .. ENTRIES - 1) {
        if
        :: j <= written && !is_epoch[j] && !HAS(table[v], j) ->
          assert(!HAS(applied[v], j));                     /* what was applied once is never accepted again */
          assert(!HAS(waited, j));                         /* nor what somebody waited for */
          assert(!HAS(path[tip], j) || age[j] < LEASE)     /* nor anything, when the bound has passed */
        :: else
        fi
      }
    :: else
    fi
  }
  v = 0; j = 0
}

init {
  d_step {
    for (j : 0 .. VERIFIERS - 1) { lease[j] = LEASE; held[j] = LEASE }
#ifdef ROWS
    since = UNSEEN;
#endif
    j = 0
  }
  do
  :: atomic {
    if
    :: d_step { true -> tick() }
    :: d_step { ends < ENDS -> ends++; append(0) }
    :: losses < LOSSES -> losses++; chosen = tip;
      do :: chosen != 0 -> chosen = before[chosen] :: break od;
      skip; d_step { lose_end() }
    :: d_step { forgets < FORGETS -> forgets++; forget() }
    :: d_step { true -> look() }
    :: written > 0 -> select(e : 1 .. written);
      if
      :: HAS(path[tip], e) && !is_epoch[e] -> d_step { wait() }
      :: else
      fi
    :: written > 0 -> select(e : 1 .. written); select(v : 0 .. VERIFIERS - 1);
      if :: !is_epoch[e] -> d_step { overhear() } :: else fi
    :: restarts < RESTARTS -> restarts++; select(v : 0 .. VERIFIERS - 1);
      skip; d_step {
        position[v] = 0; table[v] = 0; applied[v] = 0; start_over();
        for (j : v * QUESTIONS .. v * QUESTIONS + QUESTIONS - 1) { free(j) }
      }
    :: select(q : 0 .. SLOTS - 1); v = q / QUESTIONS;
      if
      :: d_step { stage[q] == FREE -> stage[q] = SENT; q_from[q] = position[v]; q_all[q] = (!whole[v] || position[v] == 0); q_age[q] = 0 }
      :: d_step { stage[q] != FREE -> free(q) }
      :: stage[q] == SENT && !READ_FIRST -> d_step { record(); stage[q] = BETWEEN }
      :: stage[q] == BETWEEN && !READ_FIRST -> read_log(); stage[q] = ANSWERED
      :: stage[q] == SENT && READ_FIRST -> read_log(); stage[q] = BETWEEN
      :: stage[q] == BETWEEN && READ_FIRST -> d_step { record(); stage[q] = ANSWERED }
      :: stage[q] == ANSWERED -> d_step { hear() }
#ifdef RECORDED_AFTER
      :: stage[q] == BETWEEN -> d_step { hear() }
#endif
      :: (stage[q] == SENT || stage[q] == ANSWERED) -> select(e : v * QUESTIONS .. v * QUESTIONS + QUESTIONS - 1);
        skip; d_step {
          if
          :: stage[e] == FREE -> stage[e] = stage[q]; q_from[e] = q_from[q]; q_all[e] = q_all[q]; q_age[e] = q_age[q]; q_tip[e] = q_tip[q]
          :: else
          fi
        }
      fi
    fi;
    skip; d_step { v = 0; q = 0; e = 0; i = 0; j = 0; promises() }
  }
  od
}
