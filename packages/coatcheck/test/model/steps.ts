import { append, bit, earlier, entryAt, has, markAt, pathTo, seqOf } from "./log.ts";
import { ask, hear, overhear, restart, sleep } from "./follower.ts";
import type { Mistake } from "./mistakes.ts";
import type { Step } from "./search.ts";
import { endsNow, MISHAPS, nobody, UNSEEN } from "./state.ts";
import type { Holder, Mishap, Question, Scope, State, Verifier } from "./state.ts";

/** Everything that can happen next. */
export function stepsOf(scope: Scope, mistake: Mistake | null): (state: State) => readonly Step<State>[] {
  const world = new World(scope, mistake);
  return (state) => world.steps(state);
}

class World {
  readonly #scope: Scope;
  readonly #mistake: Mistake | null;

  constructor(scope: Scope, mistake: Mistake | null) {
    this.#scope = scope;
    this.#mistake = mistake;
  }

  steps(state: State): Step<State>[] {
    return [
      ...this.#ofTime(state),
      ...this.#ofStore(state),
      ...this.#ofWhoeverWaits(state),
      ...state.verifiers.flatMap((verifier, name) => this.#ofVerifier(state, verifier, name)),
    ];
  }

  #ofTime(state: State): Step<State>[] {
    const sleeps = state.verifiers.map((_, sleeper) =>
      this.#mishap(state, "sleep", `verifier ${sleeper} sleeps for a tick`, (it) => this.#tick(it, sleeper)),
    );
    return [{ name: "a tick passes", to: this.#tick(state, null) }, ...sleeps.flat()];
  }

  #ofStore(state: State): Step<State>[] {
    const steps: Step<State>[] = [];
    const { log, tip, minted } = state;
    if (log.filter(({ isEpoch }) => !isEpoch).length < this.#scope.ends)
      steps.push({ name: `entry ${log.length + 1} ends something`, to: this.#write(state, "same") });
    if (this.#scope.mints && minted === null)
      steps.push({ name: "a credential is made", to: { ...state, minted: { rsq: seqOf(log, tip), written: log.length } } });
    const epoch = this.#mistake === "epochStays" || this.#mistake === "byNumberAndEpochStays" ? "stays" : "rises";
    for (const end of earlier(log, tip)) {
      const failedOver = (it: State): State => (epoch === "rises" ? this.#write(this.#loseFrom(it, end), "next") : this.#loseFrom(it, end));
      steps.push(...this.#mishap(state, "failOver", `a standby takes over that goes up to entry ${end}`, failedOver));
      if (end !== tip)
        steps.push(...this.#mishap(state, "restore", `the store is put back to entry ${end}`, (it) => this.#loseFrom(it, end)));
    }
    return steps;
  }

  #ofWhoeverWaits(state: State): Step<State>[] {
    const steps = this.#mishap(state, "forget", "whoever waits starts afresh", (it) => this.#forget(it));
    const looked = look(state);
    if (looked !== state) steps.push({ name: "whoever waits looks at the rows", to: looked });
    for (const entry of endsNow(state)) {
      if (has(state.waited, entry) || !this.#nobodyAccepts(looked, entry)) continue;
      steps.push({
        name: `it is said that nobody accepts what entry ${entry} ended`,
        to: { ...looked, waited: looked.waited | bit(entry) },
      });
    }
    return steps;
  }

  #ofVerifier(state: State, verifier: Verifier, name: number): Step<State>[] {
    const steps = this.#mishap(state, "restart", `verifier ${name} starts afresh`, (it) =>
      change(it, name, restart(verifier, this.#scope)),
    );
    const { log } = state;
    if (verifier.questions.length < this.#scope.questions)
      steps.push({ name: `verifier ${name} asks`, to: change(state, name, ask(verifier)) });
    for (let entry = 1; entry <= log.length; entry += 1) {
      if (entryAt(log, entry)?.isEpoch === true) continue;
      const told = overhear(verifier, entry, log, this.#mistake);
      if (told.table !== verifier.table || told.position !== verifier.position)
        steps.push({ name: `verifier ${name} is told of entry ${entry}`, to: change(state, name, told) });
    }
    for (const [index, question] of verifier.questions.entries()) steps.push(...this.#ofQuestion(state, verifier, name, index, question));
    return steps;
  }

  #ofQuestion(state: State, verifier: Verifier, name: number, index: number, question: Question): Step<State>[] {
    const which = `question ${index} of verifier ${name}`;
    const steps = [
      { name: `${which} is lost`, to: change(state, name, { ...verifier, questions: verifier.questions.toSpliced(index, 1) }) },
    ];
    if (verifier.questions.length < this.#scope.questions && question.stage !== "between")
      steps.push({ name: `${which} is doubled`, to: change(state, name, { ...verifier, questions: [...verifier.questions, question] }) });
    steps.push(...this.#onTheWay(state, verifier, name, index, question));
    if (question.stage === "answered" || (this.#mistake === "recordedAfter" && question.stage === "between")) {
      const heard = hear(verifier, question, state.log, this.#scope, this.#mistake);
      const to = change(state, name, heard.verifier);
      steps.push({ name: `${which} is heard to be answered`, to });
      if (heard.rolledBack)
        steps.push(...this.#mishap(to, "alarm", `${which} finds the store rolled back: a new epoch`, (it) => this.#write(it, "next")));
    }
    return steps;
  }

  /** Two steps: who asks is recorded, for whoever waits to see; then the log is read. */
  #onTheWay(state: State, verifier: Verifier, name: number, index: number, question: Question): Step<State>[] {
    if (question.stage === "answered") return [];
    const isSecond = question.stage === "between";
    const stage = isSecond ? "answered" : "between";
    const readFirst = this.#mistake === "recordedAfter" || this.#mistake === "oneSnapshot";
    const withQuestion = (it: Question): readonly Question[] => verifier.questions.with(index, it);
    const which = `question ${index} of verifier ${name}`;
    if (isSecond === readFirst) {
      const holder = this.#record(state, question);
      return [
        {
          name: `${which}: its holder is recorded`,
          to: change(state, name, { ...verifier, holder, questions: withQuestion({ ...question, stage }) }),
        },
      ];
    }
    const tips = this.#mistake === "standby" ? earlier(state.log, state.tip) : [state.tip];
    return tips.map((tip) => ({
      name: `${which}: the log is read up to entry ${tip}`,
      to: change(state, name, { ...verifier, questions: withQuestion({ ...question, stage, tip }) }),
    }));
  }

  /** What it asks from counts as applied if it names the place by its mark: the number may have been another entry's. */
  #record({ log, tip }: State, { position, all }: Question): Holder {
    const from = all ? 0 : seqOf(log, position);
    const isOfThisLog = this.#mistake === "appliedByNumber" || markAt(log, tip, from) === position;
    const applied = this.#mistake === "sentIsApplied" ? seqOf(log, tip) : isOfThisLog ? from : 0;
    return { applied, age: this.#scope.holders === "rows" ? UNSEEN : 0 };
  }

  /** Each holder has applied it, or its lease has run out. */
  #nobodyAccepts({ log, since, verifiers }: State, entry: number): boolean {
    const { lease } = this.#scope;
    return since >= lease && verifiers.every(({ holder }) => holder.age >= lease || holder.applied >= seqOf(log, entry));
  }

  #write(state: State, epoch: "same" | "next"): State {
    return { ...state, log: append(state.log, state.tip, epoch), tip: state.log.length + 1, ages: [...state.ages, 0] };
  }

  /** What comes after `end` is gone, and what was promised of it with it. Whoever kept the holders has gone down with the store, or their rows have. */
  #loseFrom(state: State, end: number): State {
    const path = pathTo(state.log, end);
    const ages = state.ages.map((age, index) => (has(path, index + 1) ? age : 0));
    const verifiers = state.verifiers.map((it) => ({ ...it, holder: nobody(this.#scope.lease) }));
    return { ...state, tip: end, ages, waited: state.waited & path, verifiers, since: this.#newStore(state) };
  }

  #newStore({ since }: State): number {
    if (this.#mistake === "rowsBelieved") return since;
    return this.#scope.holders === "rows" ? UNSEEN : 0;
  }

  #forget(state: State): State {
    const { lease, holders } = this.#scope;
    if (holders === "rows") {
      const verifiers = state.verifiers.map((it) => (it.holder.age === lease ? it : { ...it, holder: { ...it.holder, age: UNSEEN } }));
      return { ...state, verifiers, since: UNSEEN };
    }
    const verifiers = state.verifiers.map((it) => ({ ...it, holder: nobody(lease) }));
    return { ...state, verifiers, since: this.#mistake === "forgets" ? lease : 0 };
  }

  #tick(state: State, sleeper: number | null): State {
    const { lease, late } = this.#scope;
    const older = (age: number): number => (age === UNSEEN ? UNSEEN : Math.min(age + 1, lease));
    const path = pathTo(state.log, state.tip);
    const verifiers = state.verifiers.map((it, name): Verifier => {
      const holder = older(it.holder.age) >= lease ? nobody(lease) : { ...it.holder, age: older(it.holder.age) };
      if (name === sleeper) return { ...sleep(it, this.#scope, this.#mistake), holder };
      const questions = it.questions
        .map((question) => ({ ...question, age: older(question.age) }))
        .filter(({ age }) => late || age < lease);
      return { ...it, holder, questions, lease: this.#mistake === "newsAlone" ? it.lease : older(it.lease) };
    });
    const ages = state.ages.map((age, index) => (has(path, index + 1) && state.log[index]?.isEpoch === false ? older(age) : age));
    return { ...state, verifiers, ages, since: older(state.since) };
  }

  #mishap(state: State, mishap: Mishap, name: string, happen: (state: State) => State): Step<State>[] {
    const which = MISHAPS.indexOf(mishap);
    const left = state.may[which] as number;
    return left === 0 ? [] : [{ name, to: happen({ ...state, may: state.may.with(which, left - 1) }) }];
  }
}

function change(state: State, name: number, verifier: Verifier): State {
  return { ...state, verifiers: state.verifiers.with(name, verifier) };
}

/** From now on the leases of those whose rows have changed are counted. Memory needs no looking at. */
function look(state: State): State {
  if (state.since !== UNSEEN && state.verifiers.every(({ holder }) => holder.age !== UNSEEN)) return state;
  const verifiers = state.verifiers.map((it) => (it.holder.age === UNSEEN ? { ...it, holder: { ...it.holder, age: 0 } } : it));
  return { ...state, verifiers, since: state.since === UNSEEN ? 0 : state.since };
}
