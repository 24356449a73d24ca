import { describe, expect, it } from "vitest";
import { commonPasswords, isCommon } from "../../src/accounts/blocklist.ts";
import { passwordFault, refuseFault, unreadable } from "../../src/accounts/password.ts";
import { CoatcheckError } from "../../src/core/errors.ts";
import { pack, wordsOf } from "./common-passwords.make.ts";

const context = { email: "jane.doe42@mail.acme.example", name: "Jané van Doe", issuerHost: "auth.widgets.example" };

const fault = (password: string): string | null => passwordFault(password, context);

describe("length", () => {
  it("counts Unicode code points, from 8 to 1 024", () => {
    expect(fault("xk7#qmz")).toBe("too_short");
    expect(fault("xk7#qmzw")).toBeNull();
    expect(fault("🔑🐙🌵🎈🍕🚲🎻")).toBe("too_short");
    expect(fault("🔑🐙🌵🎈🍕🚲🎻🧭")).toBeNull();
    expect(fault("🔑".repeat(64))).toBeNull();
    expect(fault("🔑".repeat(1_024))).toBeNull();
    expect(fault("🔑".repeat(1_025))).toBe("too_long");
    expect(fault("a".repeat(1_024))).toBeNull();
    expect(fault("a".repeat(1_025))).toBe("too_long");
    expect(fault("")).toBe("too_short");
  });

  it("trims nothing and asks for no kind of character", () => {
    expect(fault("       ")).toBe("too_short");
    expect(fault(" xk7qmz ")).toBeNull();
    expect(fault("plumquartzveranda")).toBeNull();
    expect(fault("x7\u0000k#qmzw")).toBeNull();
  });

  it("takes any password that could be hashed for readable, however short or common", () => {
    expect(unreadable("")).toBeNull();
    expect(unreadable("password")).toBeNull();
    expect(unreadable("a".repeat(1_025))).toBe("too_long");
  });
});

it.each(["xk7#qmzw\ud83d", "\udd11xk7#qmzw", "xk7#\ud83dqmzw", "xk7#\udd11\ud83dqmzw"])("refuses a lone surrogate: %j", (password) => {
  expect(fault(password)).toBe("malformed");
  expect(unreadable(password)).toBe("malformed");
});

describe("the blocklist", () => {
  it("holds more than 20 000 words, each of them refused", () => {
    const words = commonPasswords();
    expect(words.length).toBeGreaterThan(20_000);
    expect(words.filter((word) => !isCommon(word))).toEqual([]);
    expect(words).toEqual(wordsOf(words));
  });

  it.each([
    "password",
    "PassWord",
    "PASSWORD1",
    "iloveyou",
    "sunshine",
    "trustno1",
    "passw0rd",
    "1qaz2wsx",
    "football1",
    "qwerty123",
    "letmein1",
    "administrator",
  ])("refuses %s", (password) => {
    expect(fault(password)).toBe("common");
  });

  it.each(["11111111", "abcabcab", "1212121212", "golfgolf", "aaaaaaaaaaaaaaaaaaaa"])("refuses the repetition %s", (password) => {
    expect(fault(password)).toBe("common");
  });

  it.each(["12345678", "0987654321", "87654321", "abcdefgh", "STUVWXYZ", "poiuytrewq", "lkjhgfds", "asdfghjkl", "qwertzui", "azertyuiop"])(
    "refuses the run %s",
    (password) => {
      expect(fault(password)).toBe("common");
    },
  );

  it.each(["24121987", "12241987", "19871224", "1987-12-24", "24.12.1987", "20010101"])("refuses the date %s", (password) => {
    expect(fault(password)).toBe("common");
  });

  it.each([
    "99991987",
    "correct horse battery staple",
    "password and then some",
    "xxxxxxxxxxxxxxxxxxxxxxxxx",
    "drowssap-lilac",
    "lilac-lilac-",
    "11223345x7",
    "密码密码密码密码",
  ])("lets %s be", (password) => {
    expect(isCommon(password)).toBe(false);
  });

  it("is packed by the script beside this test", () => {
    expect(wordsOf(["Short", "Longenough", "longenough"], ["another one", "𝄞𝄞𝄞𝄞"])).toEqual(["another one", "longenough"]);
    expect(pack(["another one"])).toMatch(/^\n[A-Za-z0-9+/=]+\n$/);
  });
});

describe("words of the context", () => {
  it.each([
    ["the product", "CoatCheck"],
    ["the product, with digits", "coatcheck2026"],
    ["the product, with punctuation", "Coat-Check!!"],
    ["the issuer's host", "auth.widgets.example"],
    ["a label of the issuer's host", "Widgets1234"],
    ["the address", "Jane.Doe42@mail.acme.example"],
    ["the address without its punctuation", "janedoe42mailacmeexample"],
    ["the local part", "jane.doe42"],
    ["the local part with other digits", "JaneDoe1999"],
    ["the e-mail domain", "mail.acme.example"],
    ["a label of the e-mail domain, twice", "acmeacme7"],
    ["the name", "Jané van Doe"],
    ["a part of the name with digits", "Jané2020!"],
    ["digits before", "2026coatcheck"],
    ["two of them", "acme_widgets_1"],
    ["the names in another order", "doe-jane-2024"],
  ])("refuses %s", (_, password) => {
    expect(fault(password)).toBe("personal");
  });

  it.each(["coatcheck plum veranda", "jane-xk7qmz", "73918264", "coatcheck73918264", "42427391", "acme🔑🐙🌵🎈🍕🚲"])(
    "lets %s be",
    (password) => {
      expect(fault(password)).toBeNull();
    },
  );

  it("takes out a longer word before the shorter ones that it is made of", () => {
    expect(passwordFault("annabell12", { email: "annabell@acme.example", name: "Ann Bell", issuerHost: "localhost" })).toBe("personal");
  });

  it("refuses a local part of digits alone as it stands, and no other number for its sake", () => {
    const numbered = { ...context, email: "7391826455@acme.example" };
    expect(passwordFault("7391826455", numbered)).toBe("personal");
    expect(passwordFault("17391826455", numbered)).toBeNull();
  });

  it("is not confused by an address or a name that is hardly there", () => {
    expect(passwordFault("banana-x7", { email: "a@b.co", name: "", issuerHost: "localhost" })).toBeNull();
    expect(passwordFault("xk7#qmzw", { email: "", name: "!", issuerHost: "" })).toBeNull();
  });
});

describe("refuseFault", () => {
  it("names the field and never the password", () => {
    expect(() => refuseFault(null, "/password")).not.toThrow();
    for (const [name, code] of [
      ["too_short", "invalid_input"],
      ["too_long", "invalid_input"],
      ["malformed", "invalid_input"],
      ["common", "weak_password"],
      ["personal", "weak_password"],
    ] as const) {
      let thrown: unknown;
      try {
        refuseFault(name, "/new");
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(CoatcheckError);
      expect(thrown).toMatchObject({ code, status: 422, details: { fields: [{ pointer: "/new" }] } });
    }
  });
});
