/*
 * Writ in C99: everything that a broker needs, with opaque handles. It is not a second engine: every
 * function is a thin layer over the C++ interface, and both give the same answers.
 * Reference: docs/c-interface.md.
 *
 * Rules for all functions:
 *  - No function throws, aborts or prints. A NULL handle or a malformed argument gives an error status,
 *    a deny or an empty answer (0, false, empty text), never a crash.
 *  - WRIT_DENY is zero. A decision denies from its creation and at the start of every evaluation; only
 *    an evaluation that ends with WRIT_OK can change that.
 *  - Each type of handle that the caller must free has a _free function, which accepts NULL. Handles
 *    may be freed in any order: each keeps alive what it needs.
 *  - Text is a pointer and a length. Text passed in is copied or not kept, unless a function says
 *    otherwise. Text returned belongs to the handle that was passed; its data is never NULL and need
 *    not end in NUL.
 *  - Structures that can grow begin with `struct_size`, which the caller sets to sizeof. It may be that of an older
 *    header: options beyond it have their default, results beyond it are not written. A struct_size without even
 *    itself, or one that ends in the middle of a member, or options with something set beyond what the library knows,
 *    is WRIT_ERROR_ARGUMENT. In option structures zero means the default.
 *  - Threads: a writ_bundle never changes, and all threads may use it at once; a writ_pdp too. Every other handle
 *    may move between threads and is used by one thread at a time. There is no global state.
 */
#ifndef WRIT_WRIT_H
#define WRIT_WRIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define WRIT_API __attribute__((visibility("default")))
#else
#define WRIT_API
#endif

#define WRIT_VERSION_MAJOR 0
#define WRIT_VERSION_MINOR 1
#define WRIT_VERSION_PATCH 0
#define WRIT_VERSION_NUMBER (WRIT_VERSION_MAJOR * 10000 + WRIT_VERSION_MINOR * 100 + WRIT_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

/* A verified policy. */
typedef struct writ_bundle writ_bundle;
/* The facts of one question, bound to its bundles. */
typedef struct writ_request writ_request;
/* Decides requests; one per thread. */
typedef struct writ_evaluator writ_evaluator;
/* A set of subjects that must not get a credential any more. */
typedef struct writ_revocations writ_revocations;
/* A field of requests, looked up once. */
typedef struct writ_field writ_field;
/* A decision. */
typedef struct writ_decision writ_decision;
/* A broker's decision point. */
typedef struct writ_pdp writ_pdp;
/* The errors and warnings of the last call that was given this handle. */
typedef struct writ_errors writ_errors;

/* Bytes, usually UTF-8. NULL with length 0 is empty text; NULL with any other length is malformed. */
typedef struct writ_text {
    const char* data;
    size_t length;
} writ_text;

/* The text up to the NUL. NULL gives empty text. The result points to `text`. */
WRIT_API writ_text writ_text_of(const char* text);

/* ---- version --------------------------------------------------------------------------------- */

/* WRIT_VERSION_NUMBER of the loaded library. Any thread. */
WRIT_API uint32_t writ_version_number(void);
/* The same as text, "0.1.0", NUL-terminated and static. Any thread. */
WRIT_API const char* writ_version(void);

/* ---- errors ---------------------------------------------------------------------------------- */

typedef enum writ_status {
    WRIT_OK = 0,
    WRIT_ERROR_ARGUMENT = 1, /* NULL where a value is required, malformed text or struct_size */
    WRIT_ERROR_BUNDLE = 2,   /* the bytes are not a valid bundle */
    WRIT_ERROR_REQUEST = 3,  /* the request document is refused */
    WRIT_ERROR_POLICY = 4,   /* the policy text has errors */
    WRIT_ERROR_INTERNAL = 5, /* out of memory, or a defect */
    WRIT_ERROR_STORE = 6,    /* the store, a key or the saved state cannot be used */
    WRIT_ERROR_LEDGER = 7    /* the ledger cannot be used, or there is no record */
} writ_status;

/* One finding. The text belongs to its writ_errors, and is valid until that is used again or freed. */
typedef struct writ_error {
    writ_text code;    /* stable: "Q0007", "B0002", "E0203", "C0001" */
    writ_text message; /* one lower-case sentence */
    writ_text context; /* JSON path, section of the bundle, file:line:column; may be empty */
} writ_error;

/* A handle for findings. It can be passed to any number of calls; each call replaces the findings. Every function
 * that takes one also accepts NULL. Returns NULL if there is no memory. */
WRIT_API writ_errors* writ_errors_new(void);
WRIT_API void writ_errors_free(writ_errors* errors);
/* Number of findings of the last call. After WRIT_OK there are none, except warnings (code W...) of writ_compile. */
WRIT_API size_t writ_errors_count(const writ_errors* errors);
/* The finding at an index; empty text if there is none. */
WRIT_API writ_error writ_errors_at(const writ_errors* errors, size_t index);

/* ---- bundles --------------------------------------------------------------------------------- */

/* Reads and verifies a sealed bundle. The bytes are copied. The caller frees *bundle, which is NULL unless the result
 * is WRIT_OK. Any thread. */
WRIT_API writ_status writ_bundle_load(const void* bytes, size_t length, writ_bundle** bundle, writ_errors* errors);
/* Requests, evaluators and decisions made with the bundle remain valid. */
WRIT_API void writ_bundle_free(writ_bundle* bundle);

/* SHA-256 of everything in the bundle, in lower-case hex. Valid as long as the bundle. Any thread. */
WRIT_API writ_text writ_bundle_digest(const writ_bundle* bundle);
/* The sealed form, which writ_bundle_load reads. Valid as long as the bundle. Any thread. */
WRIT_API writ_text writ_bundle_bytes(const writ_bundle* bundle);
/* An upper bound of the steps that any request can cost. Any thread. */
WRIT_API uint64_t writ_bundle_step_bound(const writ_bundle* bundle);
WRIT_API size_t writ_bundle_rule_count(const writ_bundle* bundle);

/* What a bundle records about one of its rules. The text is valid as long as the bundle. */
typedef struct writ_rule {
    size_t struct_size;
    writ_text kind; /* "permit", "deny", "require", "limit", "oblige" */
    writ_text name;
    writ_text module;
    writ_text file;
    writ_text because; /* may be empty */
    uint32_t line;     /* from 1 */
} writ_rule;

/* Fills in *rule; the caller sets its struct_size. WRIT_ERROR_ARGUMENT if there is no such rule. Any thread. */
WRIT_API writ_status writ_bundle_rule(const writ_bundle* bundle, size_t index, writ_rule* rule);

/* ---- compiling (libwrit-compiler, pkg-config writ-compiler) ------------------------------------ */

typedef struct writ_source {
    writ_text name; /* used in messages, and passed to read_file; usually a path */
    writ_text text;
    writ_text stored; /* the name stored in the bundle: the path below the policy's folder. Empty: `name`.
                       * The digest covers it, so name no folder above the policy's here. */
} writ_source;

/* Where read_file puts the bytes of the file; valid only during that call. */
typedef struct writ_data writ_data;
/* Appends bytes, which are copied. */
WRIT_API writ_status writ_data_append(writ_data* data, const void* bytes, size_t length);

/* Reads a data file (table, fixture) that the source `from` names as `path`. Called on the thread that compiles.
 * Returns whether it succeeded; the file is then what was appended. It must decide which paths may be opened: `path`
 * is passed as written in the policy, including any `..`. */
typedef bool (*writ_read_file)(void* context, writ_text from, writ_text path, writ_data* data);

typedef struct writ_compile_options {
    size_t struct_size;
    size_t max_source_bytes;  /* all sources together; default 64 MiB */
    uint32_t max_depth;       /* nesting of expressions and types; default 200 */
    uint32_t max_errors;      /* different errors reported, each at up to 1,000 places; default 100 */
    writ_read_file read_file; /* NULL: data files are refused */
    void* read_context;
    uint64_t max_steps; /* steps that one request can cost; default 500,000 */
} writ_compile_options;

/* Compiles policy text. `options` may be NULL. The caller frees *bundle, which is NULL unless the result is WRIT_OK.
 * Any thread. */
WRIT_API writ_status writ_compile(const writ_source* sources, size_t count, const writ_compile_options* options,
                                  writ_bundle** bundle, writ_errors* errors);

/* ---- requests -------------------------------------------------------------------------------- */

typedef struct writ_request_limits {
    size_t struct_size;
    size_t max_bytes;     /* of the document; default 64 KiB */
    size_t max_string;    /* bytes of one string; default 16 KiB */
    uint32_t max_depth;   /* default 32 */
    uint32_t max_members; /* of one object or array; default 1,024 */
} writ_request_limits;

/* Makes an empty request, which is denied, for the bundles in `layers`. They decide together, the platform's first,
 * and none can widen what another allows. The usual case is one bundle: (&bundle, 1). The caller frees *request,
 * which is NULL unless the result is WRIT_OK. */
WRIT_API writ_status writ_request_new(writ_bundle* const* layers, size_t count, writ_request** request,
                                      writ_errors* errors);
/* Reads a request document and replaces the facts; memory is reused. `limits` may be NULL. After any error the
 * request is empty, and denied. Text in decisions on this request becomes invalid. */
WRIT_API writ_status writ_request_parse(writ_request* request, writ_text json, const writ_request_limits* limits,
                                        writ_errors* errors);
/* Text in decisions on this request becomes invalid. */
WRIT_API void writ_request_free(writ_request* request);

/* ---- requests, field by field ------------------------------------------------------------------ */

/* How far the source of a fact can be trusted. A fact weaker than its field accepts is missing. */
typedef enum writ_provenance {
    WRIT_PROVENANCE_MODEL = 0,
    WRIT_PROVENANCE_ASSERTED = 1,
    WRIT_PROVENANCE_BROKER = 2,
    WRIT_PROVENANCE_VERIFIED = 3
} writ_provenance;

/* Finds a field by its path as in a document: workload.namespace, sets["approval"], token.claims. It can be used for
 * all requests of the same bundles, on any thread. The caller frees *field, which is NULL unless the result is
 * WRIT_OK. */
WRIT_API writ_status writ_field_find(const writ_request* request, writ_text path, writ_field** field,
                                     writ_errors* errors);
WRIT_API void writ_field_free(writ_field* field);

/* Starts a request again without facts. Facts set from now on have this provenance (a writ_provenance; any other
 * number means WRIT_PROVENANCE_MODEL), until writ_request_trust changes it. Until writ_request_finish has returned
 * WRIT_OK, the request is denied. */
WRIT_API void writ_request_begin(writ_request* request, int provenance);
WRIT_API void writ_request_trust(writ_request* request, int provenance);

/* State a fact, like the same value in a document. set_text: also members of enums, and instants and durations as
 * text. set_int: also instants and durations in seconds. set_decimal: a number such as 500.00. set_json: any value.
 * Text is not copied, except by set_json: it must be valid until the last use of a decision on this request. State
 * claims after token.issuer, and parameters after tool.name. Errors are reported by writ_request_finish. */
WRIT_API void writ_request_set_text(writ_request* request, const writ_field* field, writ_text text);
WRIT_API void writ_request_set_int(writ_request* request, const writ_field* field, int64_t integer);
WRIT_API void writ_request_set_bool(writ_request* request, const writ_field* field, bool value);
WRIT_API void writ_request_set_decimal(writ_request* request, const writ_field* field, writ_text number);
WRIT_API void writ_request_set_none(writ_request* request, const writ_field* field);
WRIT_API void writ_request_set_texts(writ_request* request, const writ_field* field, const writ_text* texts,
                                     size_t count);
WRIT_API void writ_request_set_json(writ_request* request, const writ_field* field, writ_text json);
/* Returns the first error since writ_request_begin; after an error the request is empty, and denied. */
WRIT_API writ_status writ_request_finish(writ_request* request, writ_errors* errors);

/* ---- deciding -------------------------------------------------------------------------------- */

/* Makes an evaluator for the bundles in `layers`, as in writ_request_new. Make one per thread and keep it. The caller
 * frees *evaluator, which is NULL unless the result is WRIT_OK. */
WRIT_API writ_status writ_evaluator_new(writ_bundle* const* layers, size_t count, writ_evaluator** evaluator,
                                        writ_errors* errors);
WRIT_API void writ_evaluator_free(writ_evaluator* evaluator);

/* Makes an empty set of revocations. NULL if there is no memory. */
WRIT_API writ_revocations* writ_revocations_new(void);
WRIT_API void writ_revocations_free(writ_revocations* revocations);
/* Revokes a subject of a kind: "agent", "deployment", "run", "workload", "key", "approval", "user", "token", "tool",
 * "issuer", "tenant" or "all" (everything that the evaluator decides; the subject is the name of a channel).
 * docs/store.md lists the facts that each kind checks. `expires_at` is in microseconds since the epoch; 0: never. A
 * subject without a canonical spelling is not added: WRIT_ERROR_ARGUMENT, with code S0030. */
WRIT_API writ_status writ_revocations_add(writ_revocations* revocations, writ_text kind, writ_text subject,
                                          int64_t expires_at, writ_errors* errors);
/* Sets the revocations: from now on the evaluator denies what is in the set, in searches too. The set is copied and
 * replaces the one before. NULL: nothing is revoked. After an error the previous set stays. */
WRIT_API writ_status writ_evaluator_revoke(writ_evaluator* evaluator, const writ_revocations* revocations,
                                           writ_errors* errors);

/* Decides a request. A request for other bundles than the evaluator's is denied with reason policy_error. The
 * decision can be read whatever the status is; unless the status is WRIT_OK, it denies. */
WRIT_API writ_status writ_evaluate(writ_evaluator* evaluator, const writ_request* request, writ_decision* decision);
/* Decides requests[i] into decisions[i] for every i < count, even after one has failed; returns the status of the
 * first that failed. The decisions must be different handles. */
WRIT_API writ_status writ_evaluate_batch(writ_evaluator* evaluator, writ_request* const* requests,
                                         writ_decision* const* decisions, size_t count);

/* ---- searching ------------------------------------------------------------------------------- */

/* The field of a request document that a search fills in. */
typedef enum writ_open {
    WRIT_OPEN_TOOL = 0,  /* which tools may this agent call? */
    WRIT_OPEN_SCOPE = 1, /* which scopes of this tool? each is requested alone */
    WRIT_OPEN_AGENT = 2  /* which agents may call this tool? */
} writ_open;

/* The results of a search. */
typedef struct writ_search_result writ_search_result;
struct writ_reason;

/* Decides the request document once for each candidate, which replaces the open field (a writ_open). `candidates` is
 * a JSON array of names or of whole `tool` or `agent` objects. Empty text: all that the bundles' catalogues list;
 * agents must be given. `limits` may be NULL. The caller frees *result, which is NULL unless the result is WRIT_OK;
 * it keeps the bundles alive. docs/search-format.md */
WRIT_API writ_status writ_search(writ_evaluator* evaluator, writ_text request, int open, writ_text candidates,
                                 const writ_request_limits* limits, writ_search_result** result, writ_errors* errors);
WRIT_API void writ_search_free(writ_search_result* result);

/* The result for one candidate. The text is valid as long as the result. */
typedef struct writ_search_item {
    size_t struct_size;
    writ_text name;    /* of the tool, the scope or the agent */
    writ_text refused; /* code of the error if the request with this candidate is refused; otherwise empty */
    size_t scopes;     /* number of scopes that would be granted; 0 unless WRIT_PERMIT */
    size_t reasons;    /* as in the decision */
    int answer;        /* a writ_effect: WRIT_PERMIT always, WRIT_NEEDS_APPROVAL if approved, WRIT_DENY never */
    bool wants_facts;  /* never, and only because facts are missing: stating more may change the answer */
} writ_search_item;

WRIT_API size_t writ_search_count(const writ_search_result* result);
/* Fills in *item; the caller sets its struct_size. WRIT_ERROR_ARGUMENT if there is no such item. */
WRIT_API writ_status writ_search_at(const writ_search_result* result, size_t index, writ_search_item* item);
/* A scope of an item; empty text if there is none. */
WRIT_API writ_text writ_search_scope(const writ_search_result* result, size_t index, size_t scope);
/* Fills in *out with a reason of an item; the caller sets its struct_size. WRIT_ERROR_ARGUMENT if there is none. */
WRIT_API writ_status writ_search_reason(const writ_search_result* result, size_t index, size_t reason,
                                        struct writ_reason* out);
/* The whole result as one line of JSON, for operators. The text is valid until the next call for the result, or until
 * it is freed. Empty for NULL, or if there is no memory. */
WRIT_API writ_text writ_search_json(writ_search_result* result);

/* ---- decisions ------------------------------------------------------------------------------- */

/* Ordered by authority. */
typedef enum writ_effect { WRIT_DENY = 0, WRIT_NEEDS_APPROVAL = 1, WRIT_PERMIT = 2 } writ_effect;

/* Who reads a rendering. */
typedef enum writ_reader {
    WRIT_READER_CALLER = 0,  /* may be shown to an agent: nothing about policy */
    WRIT_READER_OPERATOR = 1 /* everything */
} writ_reader;

/* The rule of a reason that has none. */
#define WRIT_NO_RULE UINT32_MAX

/* Makes a decision, which can be evaluated into any number of times and denies until then. NULL if there is no
 * memory. Text of a decision is valid until the decision is evaluated into again or freed, or until its request is
 * parsed again or freed. */
WRIT_API writ_decision* writ_decision_new(void);
WRIT_API void writ_decision_free(writ_decision* decision);

WRIT_API writ_effect writ_decision_effect(const writ_decision* decision);

/* The grant: empty, 0 and false unless the effect is WRIT_PERMIT. */
WRIT_API size_t writ_decision_scope_count(const writ_decision* decision);
WRIT_API writ_text writ_decision_scope(const writ_decision* decision, size_t index);
WRIT_API size_t writ_decision_audience_count(const writ_decision* decision);
WRIT_API writ_text writ_decision_audience(const writ_decision* decision, size_t index);
/* Seconds. */
WRIT_API int64_t writ_decision_ttl(const writ_decision* decision);
/* Whether there is a horizon; if so, sets *micros, which may be NULL, to it (microseconds since the epoch). */
WRIT_API bool writ_decision_not_after(const writ_decision* decision, int64_t* micros);
/* Whether the credential may be used only once. */
WRIT_API bool writ_decision_single_use(const writ_decision* decision);

/* An obligation. A broker that does not know the name must deny. */
typedef struct writ_obligation {
    size_t struct_size;
    writ_text name;
    writ_text args; /* canonical JSON object */
} writ_obligation;

/* For the next three kinds: _count returns 0 for NULL. The other function fills in *out, whose struct_size the caller
 * sets; WRIT_ERROR_ARGUMENT if there is no such item. */
WRIT_API size_t writ_decision_obligation_count(const writ_decision* decision);
WRIT_API writ_status writ_decision_obligation(const writ_decision* decision, size_t index, writ_obligation* out);

/* A reason of the decision. */
typedef struct writ_reason {
    size_t struct_size;
    writ_text code; /* docs/decision-format.md lists the engine's own codes; the code of a deny rule is its name */
    writ_text fact; /* the fact concerned, may be empty */
    uint32_t layer; /* index of the bundle */
    uint32_t rule;  /* index into that bundle's rules, or WRIT_NO_RULE */
} writ_reason;

WRIT_API size_t writ_decision_reason_count(const writ_decision* decision);
WRIT_API writ_status writ_decision_reason(const writ_decision* decision, size_t index, writ_reason* out);

/* The approval that a request needs. Listed if the effect is WRIT_NEEDS_APPROVAL. */
typedef struct writ_requirement {
    size_t struct_size;
    uint32_t layer;   /* index of the bundle */
    uint32_t rule;    /* index into that bundle's rules */
    uint32_t needed;  /* number of different approvers */
    uint32_t counted; /* approvals in the request that count */
    int64_t within;   /* seconds an approval stays fresh */
    int64_t expires;  /* microseconds since the epoch */
    size_t groups;    /* number of groups; members of any one of them may approve */
} writ_requirement;

WRIT_API size_t writ_decision_requirement_count(const writ_decision* decision);
WRIT_API writ_status writ_decision_requirement(const writ_decision* decision, size_t index, writ_requirement* out);
/* A group of a requirement; empty text if there is none. */
WRIT_API writ_text writ_decision_requirement_group(const writ_decision* decision, size_t index, size_t group);

/* What an approval must be bound to; empty unless requirements are listed or approvals were used. */
WRIT_API writ_text writ_decision_binding_digest(const writ_decision* decision);
/* The decision as one line of JSON (docs/decision-format.md), for a writ_reader; any other number means
 * WRIT_READER_CALLER. The text is valid until the next call for the decision, or until it is evaluated into or freed.
 * Empty for NULL, or if there is no memory. */
WRIT_API writ_text writ_decision_json(writ_decision* decision, int reader);

/* Copies the text of a decision, which is from then on valid until it is evaluated into or freed, whatever becomes of
 * its request. If there is no memory the decision is a deny. */
WRIT_API writ_status writ_decision_detach(writ_decision* decision);
/* Whether the decision was recorded by a writ_pdp under a number that is known; *record, which may be NULL, is then set
 * to it. */
WRIT_API bool writ_decision_record(const writ_decision* decision, uint64_t* record);

/* ---- deciding, recording and answering in one call (libwrit-pdp, pkg-config writ-pdp) ----------- */

/* How requests are decided and recorded. Text is copied. */
typedef struct writ_pdp_options {
    size_t struct_size;
    writ_text store;          /* the store's file */
    writ_text channel;        /* decisions are by the version that is active here */
    writ_text ledger;         /* the ledger's folder; made if it is not there */
    writ_text space;          /* in the store; empty: "default" */
    writ_text candidate;      /* a channel whose decisions are recorded beside, if they differ, and never enforced */
    writ_text state;          /* the file that keeps the last good policy; empty: none is kept */
    const writ_text* keys;    /* lines of public keys that may sign; none: signatures are not asked for */
    const writ_text* on_call; /* lines of keys that may also sign revocations; needs `keys` */
    size_t key_count;
    size_t on_call_count;
    const writ_text* mask; /* JSON Pointers of values to be recorded as digests */
    size_t mask_count;
    writ_text mask_key; /* 32 bytes; empty: the ledger's own key */
    uint32_t poll;      /* milliseconds between looks at the store; default 10 */
    uint32_t
        max_staleness; /* milliseconds without the store after which every decision is a deny; default 15 minutes */
    bool best_effort;  /* permit also where the record cannot be kept: it is counted as dropped */
    bool digest_only;  /* record of requests only a digest */
    bool show_unknown; /* do not mask claims that no bundle declares and texts that no rule reads */
} writ_pdp_options;

/* Opens the ledger, reads the store once and follows it on a thread of its own. A store that cannot be read is no
 * error: requests are denied, or decided by the state, until it can. The caller frees *pdp, which is NULL unless the
 * result is WRIT_OK. */
WRIT_API writ_status writ_pdp_open(const writ_pdp_options* options, writ_pdp** pdp, writ_errors* errors);
/* No other call may be using it. Decisions stay good. */
WRIT_API void writ_pdp_free(writ_pdp* pdp);

/* Decides a request document by the policy that is active now, revocations included, records that, and gives what was
 * recorded, never another decision. The decision is detached. *json, which may be NULL, is the decision as one line of
 * JSON for operators, with the number of its record; it is valid as long as the decision's text. `traceparent` is as in
 * W3C Trace Context; empty or malformed: none. Any thread, each with a decision of its own.
 * WRIT_ERROR_REQUEST: the document is refused, which is recorded. WRIT_ERROR_LEDGER: there is no record. After these
 * two the decision says why; unless the status is WRIT_OK, it denies. */
WRIT_API writ_status writ_pdp_decide(writ_pdp* pdp, writ_text request, writ_text traceparent, writ_decision* decision,
                                     writ_text* json, writ_errors* errors);
/* Uses up a name, once and for all, and records that: "grant:N" is the single use of what record N granted. *record,
 * which may be NULL, is set to the number of the record that says so. WRIT_ERROR_LEDGER: it was used before, or it
 * cannot be recorded, and must not be used. Any thread. */
WRIT_API writ_status writ_pdp_use(writ_pdp* pdp, writ_text name, uint64_t* record, writ_errors* errors);

/* How a decision point does. */
typedef struct writ_pdp_state {
    size_t struct_size;
    uint64_t epoch;       /* of the activation that is followed; 0: none */
    uint64_t number;      /* and its number in the epoch */
    uint64_t compared;    /* decisions that the candidate was asked for too */
    uint64_t diverged;    /* and those where it said otherwise, or could not say */
    uint64_t dropped;     /* records that best effort could not keep */
    uint64_t revocations; /* in force */
    bool ready;           /* there is a policy, and it is fresh */
} writ_pdp_state;

/* Fills *state, whose struct_size is set. `problem` gets what is wrong with the store, if anything. Any thread. */
WRIT_API writ_status writ_pdp_status(const writ_pdp* pdp, writ_pdp_state* state, writ_errors* problem);

/* ---- explaining (libwrit-compiler) ------------------------------------------------------------- */

/* The explanation of a decision. */
typedef struct writ_explanation writ_explanation;

/* Decides a request document with policy text, and explains the decision: the rules that mattered and the facts their
 * conditions read; for a deny, the nearest permits and the smallest change that would have permitted. For operators:
 * it names rules and facts. `rule`: list only the rules with this name; empty text: list those that mattered. Nothing
 * is revoked. `options` and `limits` may be NULL. The caller frees *explanation, which is NULL unless the result is
 * WRIT_OK. It compiles the policy each time, so it is too slow for every request of a broker. Any thread. */
WRIT_API writ_status writ_explain(const writ_source* sources, size_t count, const writ_compile_options* options,
                                  writ_text request, writ_text rule, const writ_request_limits* limits,
                                  writ_explanation** explanation, writ_errors* errors);
/* One line of JSON (docs/explain-format.md). Valid as long as the explanation. */
WRIT_API writ_text writ_explanation_json(const writ_explanation* explanation);
WRIT_API void writ_explanation_free(writ_explanation* explanation);

/* ---- without structures as results -------------------------------------------------------------- */

/* For callers that cannot take a structure as a result, as in many languages' foreign functions: each does what the
 * function of its name without _into does, and puts its result into *out. WRIT_ERROR_ARGUMENT if that is NULL. */
WRIT_API writ_status writ_text_of_into(const char* text, writ_text* out);
WRIT_API writ_status writ_errors_at_into(const writ_errors* errors, size_t index, writ_error* out);
WRIT_API writ_status writ_bundle_digest_into(const writ_bundle* bundle, writ_text* out);
WRIT_API writ_status writ_bundle_bytes_into(const writ_bundle* bundle, writ_text* out);
WRIT_API writ_status writ_search_scope_into(const writ_search_result* result, size_t index, size_t scope,
                                            writ_text* out);
WRIT_API writ_status writ_search_json_into(writ_search_result* result, writ_text* out);
WRIT_API writ_status writ_decision_scope_into(const writ_decision* decision, size_t index, writ_text* out);
WRIT_API writ_status writ_decision_audience_into(const writ_decision* decision, size_t index, writ_text* out);
WRIT_API writ_status writ_decision_requirement_group_into(const writ_decision* decision, size_t index, size_t group,
                                                          writ_text* out);
WRIT_API writ_status writ_decision_binding_digest_into(const writ_decision* decision, writ_text* out);
WRIT_API writ_status writ_decision_json_into(writ_decision* decision, int reader, writ_text* out);
WRIT_API writ_status writ_explanation_json_into(const writ_explanation* explanation, writ_text* out);

#ifdef __cplusplus
}
#endif

#endif /* WRIT_WRIT_H */
