// Node's `EventEmitter`. It is a function, not a class, since old packages call it on their own objects.

const LISTENERS = Symbol("listeners");

export function EventEmitter() {}

const listenersOf = (emitter) => {
  if (!Object.hasOwn(emitter, LISTENERS)) Object.defineProperty(emitter, LISTENERS, { value: new Map() });
  return emitter[LISTENERS];
};

const methods = {
  on(event, call) {
    const all = listenersOf(this);
    all.set(event, [...(all.get(event) ?? []), call]);
    return this;
  },

  once(event, call) {
    const only = (...values) => {
      this.off(event, only);
      call.apply(this, values);
    };
    return this.on(event, Object.assign(only, { listener: call }));
  },

  off(event, call) {
    const all = listenersOf(this).get(event) ?? [];
    const at = all.findLastIndex((one) => one === call || one.listener === call);
    if (at >= 0) listenersOf(this).set(event, all.toSpliced(at, 1));
    return this;
  },

  emit(event, ...values) {
    const all = listenersOf(this).get(event) ?? [];
    if (all.length === 0 && event === "error") throw values[0];
    for (const call of all) call.apply(this, values);
    return all.length > 0;
  },

  removeAllListeners(event) {
    if (event === undefined) listenersOf(this).clear();
    else listenersOf(this).delete(event);
    return this;
  },

  listeners(event) {
    return (listenersOf(this).get(event) ?? []).map((call) => call.listener ?? call);
  },

  listenerCount(event) {
    return this.listeners(event).length;
  },

  eventNames() {
    return [...listenersOf(this).keys()];
  },

  setMaxListeners() {
    return this;
  },
};

Object.assign(methods, { addListener: methods.on, removeListener: methods.off });
for (const [name, value] of Object.entries(methods)) {
  Object.defineProperty(EventEmitter.prototype, name, { value, configurable: true, writable: true });
}

EventEmitter.EventEmitter = EventEmitter;
export default EventEmitter;
