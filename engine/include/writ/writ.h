/*
 * The C99 interface of Writ: everything that a broker needs, with opaque handles. It is a thin layer over the C++
 * interface, and both give the same decisions.
 * Reference: docs/c-interface.md.
 *
 * Rules for all functions:
 *  - No function throws, aborts or prints. A NULL handle or a malformed argument gives an error status,
 *    a deny or an empty answer (0, false, empty text), never a crash.
 *  - WRIT_DENY is zero. A new decision denies, and every evaluation starts with a deny. Only an evaluation that
 *    returns WRIT_OK can change that.
 *  - Each type of handle that the caller must free has a _free function, which accepts NULL. Handles can be freed in
 *    any order: a handle keeps alive the handles that it needs. A few texts end earlier; their functions say when.
 *  - A text is a pointer and a length. The library copies the text of arguments, or does not keep it, unless a
 *    function says otherwise. Text that a function returns belongs to the handle that was passed. Its data is never
 *    NULL, and does not have to end in NUL.
 *  - Structures that can grow begin with `struct_size`, which the caller sets to sizeof. The size of an older header
 *    is valid: options that it lacks have their default, and results that it lacks are not written. The size of a newer
 *    header is valid if the options that this library does not know are zero. Any other struct_size, such as 0 or one
 *    that ends inside a member, gives WRIT_ERROR_ARGUMENT. In option structures zero means the default.
 *  - Threads: any number of threads can use a writ_bundle, a writ_catalogue, a writ_field or a writ_pdp at the same
 * time. Every other handle can move between threads, but only one thread may use it at a time. There is no global
 * state.
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
/* The facts of one request, in the layout of the bundles that decide it. */
typedef struct writ_request writ_request;
/* Decides requests. Make one per thread. */
typedef struct writ_evaluator writ_evaluator;
/* A set of subjects that must no longer get a credential. */
typedef struct writ_revocations writ_revocations;
/* A field of requests, found by its path. Find it once and use it for every request. */
typedef struct writ_field writ_field;
/* A decision. */
typedef struct writ_decision writ_decision;
/* A broker's policy decision point (PDP). */
typedef struct writ_pdp writ_pdp;
/* The errors and warnings of the last call to which the handle was passed. */
typedef struct writ_errors writ_errors;

/* A number of bytes, usually UTF-8. NULL with length 0 is empty text; NULL with any other length is malformed. */
typedef struct writ_text {
    const char* data;
    size_t length;
} writ_text;

/* Makes a writ_text of a C string, without its NUL. NULL gives empty text. The result points into `text`. */
WRIT_API writ_text writ_text_of(const char* text);

/* ---- version --------------------------------------------------------------------------------- */

/* The WRIT_VERSION_NUMBER of the loaded library. Any thread. */
WRIT_API uint32_t writ_version_number(void);
/* The same version as static text that ends in NUL: "0.1.0". Any thread. */
WRIT_API const char* writ_version(void);

/* ---- errors ---------------------------------------------------------------------------------- */

typedef enum writ_status {
    WRIT_OK = 0,
    WRIT_ERROR_ARGUMENT = 1, /* an argument is NULL that must not be, is malformed, or names nothing that exists */
    WRIT_ERROR_BUNDLE = 2,   /* the bytes are not a valid bundle */
    WRIT_ERROR_REQUEST = 3,  /* the request document or a fact in it is refused */
    WRIT_ERROR_POLICY = 4,   /* the policy text has errors */
    WRIT_ERROR_INTERNAL = 5, /* no memory, libraries of different versions, an exception in a callback, or a defect */
    WRIT_ERROR_STORE = 6,    /* the store, a key or the saved state cannot be used */
    WRIT_ERROR_LEDGER = 7,   /* the ledger cannot be used, or nothing was recorded */
    WRIT_PENDING = 8         /* not an error: a callback gets the result later */
} writ_status;

/* One finding: an error or a warning. Its text belongs to the writ_errors, and is valid until that handle is passed to
 * another call or freed. */
typedef struct writ_error {
    writ_text code;    /* stable: "Q0007", "B0002", "E0203", "C0001" */
    writ_text message; /* one lower-case sentence */
    writ_text context; /* JSON path, section of the bundle, file:line:column; may be empty */
} writ_error;

/* Makes a handle for findings. It can be passed to any number of calls; each call replaces the findings. Every
 * function that takes such a handle also accepts NULL. Returns NULL if there is no memory. */
WRIT_API writ_errors* writ_errors_new(void);
WRIT_API void writ_errors_free(writ_errors* errors);
/* The number of findings of the last call. After WRIT_OK there are none, with two exceptions: the warnings (code W...)
 * of writ_compile, and the problem that writ_pdp_status reports. */
WRIT_API size_t writ_errors_count(const writ_errors* errors);
/* The finding at an index. If there is none, its texts are empty. */
WRIT_API writ_error writ_errors_at(const writ_errors* errors, size_t index);

/* ---- bundles --------------------------------------------------------------------------------- */

/* Reads and verifies a sealed bundle. The bytes are copied. The caller frees *bundle, which is NULL unless the result
 * is WRIT_OK. Any thread. */
WRIT_API writ_status writ_bundle_load(const void* bytes, size_t length, writ_bundle** bundle, writ_errors* errors);
/* Requests, evaluators and decisions that use the bundle remain valid. */
WRIT_API void writ_bundle_free(writ_bundle* bundle);

/* The SHA-256 of everything in the bundle, in lower-case hex. Valid as long as the bundle. Any thread. */
WRIT_API writ_text writ_bundle_digest(const writ_bundle* bundle);
/* The sealed bundle, as writ_bundle_load reads it. Valid as long as the bundle. Any thread. */
WRIT_API writ_text writ_bundle_bytes(const writ_bundle* bundle);
/* The highest number of steps that any request can cost. Any thread. */
WRIT_API uint64_t writ_bundle_step_bound(const writ_bundle* bundle);
/* The number of rules. Any thread. */
WRIT_API size_t writ_bundle_rule_count(const writ_bundle* bundle);

/* What a bundle states about one of its rules. The text is valid as long as the bundle. */
typedef struct writ_rule {
    size_t struct_size;
    writ_text kind; /* "permit", "deny", "require", "limit", "oblige" */
    writ_text name;
    writ_text module;
    writ_text file;
    writ_text because; /* may be empty */
    uint32_t line;     /* from 1 */
} writ_rule;

/* Fills in *rule, whose struct_size the caller sets. WRIT_ERROR_ARGUMENT: there is no such rule. Any thread. */
WRIT_API writ_status writ_bundle_rule(const writ_bundle* bundle, size_t index, writ_rule* rule);

/* ---- the catalogue of a bundle: its tools and issuers ------------------------------------------- */

/* What a bundle declares beside its rules: tools with their parameters, and issuers with their claims. */
typedef struct writ_catalogue writ_catalogue;

/* Reads the catalogue out of a bundle. The caller frees *catalogue, which is NULL unless the result is WRIT_OK; it
 * keeps the bundle alive. All its text is valid until it is freed. */
WRIT_API writ_status writ_catalogue_new(const writ_bundle* bundle, writ_catalogue** catalogue, writ_errors* errors);
WRIT_API void writ_catalogue_free(writ_catalogue* catalogue);

/* A tool. */
typedef struct writ_tool {
    size_t struct_size;
    writ_text name;      /* in policies */
    writ_text wire_name; /* in requests */
    writ_text tier;      /* empty if the policy has no tiers */
    const writ_text* scopes;
    const writ_text* audiences;
    size_t scope_count;
    size_t audience_count;
    size_t param_count;
    uint32_t tier_rank; /* 1 for the lowest tier; 0 without tiers */
} writ_tool;

/* A parameter of a tool, or a claim of an issuer's tokens. The fields of a record follow it. */
typedef struct writ_catalogue_field {
    size_t struct_size;
    writ_text path;           /* "amount", "device.id"; in the records of a list "items[].id" */
    writ_text type;           /* as in policies: "decimal", "set<string>", "record", the name of an enum */
    const writ_text* members; /* of an enum */
    size_t member_count;
    uint32_t most; /* text that is read: bytes; lists and maps: elements; otherwise 0 */
    int from;      /* a writ_provenance: with a weaker one, the field counts as not stated */
    bool required; /* it must have a value; false: it is declared `or none` */
    bool read;     /* some rule reads it, or a field of it; of records in a list, any field */
} writ_catalogue_field;

/* An issuer. */
typedef struct writ_issuer {
    size_t struct_size;
    writ_text name;             /* in policies */
    writ_text url;              /* in requests */
    const writ_text* audiences; /* tokens must be for one of them */
    const writ_text* types;     /* token types that are accepted; none: all */
    size_t audience_count;
    size_t type_count;
    size_t claim_count;
    int64_t max_age; /* milliseconds; -1: none is declared */
    int64_t leeway;  /* milliseconds */
    bool proof_required;
} writ_issuer;

/* The counts are 0 for NULL. The other functions fill in *out, whose struct_size the caller sets. WRIT_ERROR_ARGUMENT:
 * there is no such item. */
WRIT_API size_t writ_catalogue_tool_count(const writ_catalogue* catalogue);
WRIT_API writ_status writ_catalogue_tool(const writ_catalogue* catalogue, size_t index, writ_tool* out);
WRIT_API writ_status writ_catalogue_param(const writ_catalogue* catalogue, size_t tool, size_t index,
                                          writ_catalogue_field* out);
WRIT_API size_t writ_catalogue_issuer_count(const writ_catalogue* catalogue);
WRIT_API writ_status writ_catalogue_issuer(const writ_catalogue* catalogue, size_t index, writ_issuer* out);
WRIT_API writ_status writ_catalogue_claim(const writ_catalogue* catalogue, size_t issuer, size_t index,
                                          writ_catalogue_field* out);
/* The whole catalogue as one line of JSON (docs/catalogue-format.md). Empty for NULL. */
WRIT_API writ_text writ_catalogue_json(const writ_catalogue* catalogue);

/* ---- compiling (libwrit-compiler, pkg-config writ-compiler) ------------------------------------ */

/* One source of a policy. */
typedef struct writ_source {
    writ_text name; /* used in messages, and passed to read_file; usually a path */
    writ_text text;
    writ_text stored; /* the name stored in the bundle; empty: `name`. Use the path below the policy's folder: the
                       * bundle's digest covers this name, so it must not depend on where the folder is. */
} writ_source;

/* Receives the bytes of a file from read_file. Valid only during that call. */
typedef struct writ_data writ_data;
/* Appends a copy of the bytes. */
WRIT_API writ_status writ_data_append(writ_data* data, const void* bytes, size_t length);

/* Reads the data file (table, fixture) that the source `from` names as `path`. Appends the file's content to `data`,
 * and returns whether it succeeded. Called on the thread that compiles. It must itself refuse paths that may not be
 * opened: `path` is passed as written in the policy, including any `..`. */
typedef bool (*writ_read_file)(void* context, writ_text from, writ_text path, writ_data* data);

/* Limits of a compilation, and the reader of its data files. */
typedef struct writ_compile_options {
    size_t struct_size;
    size_t max_source_bytes;  /* of all sources together; default 64 MiB */
    uint32_t max_depth;       /* nesting of expressions and types; default 200 */
    uint32_t max_errors;      /* different errors to report, each at up to 1,000 places; default 100 */
    writ_read_file read_file; /* NULL: data files are refused */
    void* read_context;       /* the `context` of read_file */
    uint64_t max_steps;       /* steps that one request may cost; default 500,000 */
} writ_compile_options;

/* Compiles policy text. `options` may be NULL. The caller frees *bundle, which is NULL unless the result is WRIT_OK.
 * Any thread. */
WRIT_API writ_status writ_compile(const writ_source* sources, size_t count, const writ_compile_options* options,
                                  writ_bundle** bundle, writ_errors* errors);

/* ---- requests -------------------------------------------------------------------------------- */

/* Limits for request documents. */
typedef struct writ_request_limits {
    size_t struct_size;
    size_t max_bytes;     /* of the document; default 64 KiB */
    size_t max_string;    /* bytes of one string; default 16 KiB */
    uint32_t max_depth;   /* nesting; default 32, at most 1,000 */
    uint32_t max_members; /* of one object or array; default 1,024 */
} writ_request_limits;

/* Makes a request without facts, which is denied. `layers` are the bundles that decide it together, the platform's
 * first: no bundle can widen what another one allows. The usual case is one bundle: (&bundle, 1). The caller frees
 * *request, which is NULL unless the result is WRIT_OK. */
WRIT_API writ_status writ_request_new(writ_bundle* const* layers, size_t count, writ_request** request,
                                      writ_errors* errors);
/* Reads a request document, which replaces the facts of the request. Reuses its memory. `limits` may be NULL. After
 * any error the request is empty, and denied. The text of decisions on this request becomes invalid. */
WRIT_API writ_status writ_request_parse(writ_request* request, writ_text json, const writ_request_limits* limits,
                                        writ_errors* errors);
/* The text of decisions on this request becomes invalid, unless they are detached. */
WRIT_API void writ_request_free(writ_request* request);

/* ---- requests, field by field ------------------------------------------------------------------ */

/* How far the source of a fact can be trusted. A fact whose provenance is weaker than its field accepts counts as
 * missing. */
typedef enum writ_provenance {
    WRIT_PROVENANCE_MODEL = 0,
    WRIT_PROVENANCE_ASSERTED = 1,
    WRIT_PROVENANCE_BROKER = 2,
    WRIT_PROVENANCE_VERIFIED = 3
} writ_provenance;

/* Finds a field by its path in a document: workload.namespace, sets["approval"], token.claims. The field can be used
 * with every request for the same bundles, on any thread. The caller frees *field, which is NULL unless the result is
 * WRIT_OK. WRIT_ERROR_ARGUMENT: also if there is no such field (Q0011). */
WRIT_API writ_status writ_field_find(const writ_request* request, writ_text path, writ_field** field,
                                     writ_errors* errors);
WRIT_API void writ_field_free(writ_field* field);

/* Removes all facts from a request, so that new ones can be stated. `provenance` is a writ_provenance and applies to
 * the facts that follow, until writ_request_trust changes it; any other number means WRIT_PROVENANCE_MODEL. The request
 * is denied until writ_request_finish returns WRIT_OK. The text of decisions on this request becomes invalid. */
WRIT_API void writ_request_begin(writ_request* request, int provenance);
WRIT_API void writ_request_trust(writ_request* request, int provenance);

/* Each of these states one fact, with the same meaning as that value in a document. set_text: a text, a member of an
 * enum, or an instant or duration as text. set_int: an integer, or an instant or duration in seconds. set_decimal: a
 * number as text, such as 500.00. set_none: none. set_texts: a list of texts. set_json: any value as JSON. Text is not
 * copied, except by set_json: it must stay valid until the last use of a decision on this request. State claims after
 * token.issuer, and parameters after tool.name. Errors are reported by writ_request_finish. */
WRIT_API void writ_request_set_text(writ_request* request, const writ_field* field, writ_text text);
WRIT_API void writ_request_set_int(writ_request* request, const writ_field* field, int64_t integer);
WRIT_API void writ_request_set_bool(writ_request* request, const writ_field* field, bool value);
WRIT_API void writ_request_set_decimal(writ_request* request, const writ_field* field, writ_text number);
WRIT_API void writ_request_set_none(writ_request* request, const writ_field* field);
WRIT_API void writ_request_set_texts(writ_request* request, const writ_field* field, const writ_text* texts,
                                     size_t count);
WRIT_API void writ_request_set_json(writ_request* request, const writ_field* field, writ_text json);
/* Completes the facts. Reports the first error since writ_request_begin: WRIT_ERROR_REQUEST for a fact that is refused,
 * WRIT_ERROR_ARGUMENT for a NULL field or malformed text. After an error the request is empty, and denied. */
WRIT_API writ_status writ_request_finish(writ_request* request, writ_errors* errors);

/* ---- deciding -------------------------------------------------------------------------------- */

/* Makes an evaluator for bundles; `layers` is as in writ_request_new. Make one per thread and keep it, because it
 * reuses its memory. The caller frees *evaluator, which is NULL unless the result is WRIT_OK. */
WRIT_API writ_status writ_evaluator_new(writ_bundle* const* layers, size_t count, writ_evaluator** evaluator,
                                        writ_errors* errors);
WRIT_API void writ_evaluator_free(writ_evaluator* evaluator);

/* Makes an empty set of revocations. NULL if there is no memory. */
WRIT_API writ_revocations* writ_revocations_new(void);
WRIT_API void writ_revocations_free(writ_revocations* revocations);
/* Adds a revocation. `kind` is "agent", "deployment", "run", "workload", "key", "approval", "user", "token", "tool",
 * "issuer", "tenant" or "all". "all" revokes everything that the evaluator decides; its subject is the name of a
 * channel. docs/store.md lists the facts that each kind checks. `expires_at` is in microseconds since the epoch; 0: the
 * revocation never ends. WRIT_ERROR_ARGUMENT: also if the subject has no canonical spelling (S0030); it is not added.
 */
WRIT_API writ_status writ_revocations_add(writ_revocations* revocations, writ_text kind, writ_text subject,
                                          int64_t expires_at, writ_errors* errors);
/* Sets the revocations. From now on the evaluator denies every subject in the set, also in searches. The set is copied,
 * and replaces the previous one. NULL: nothing is revoked. After an error the previous set stays in force. */
WRIT_API writ_status writ_evaluator_revoke(writ_evaluator* evaluator, const writ_revocations* revocations,
                                           writ_errors* errors);

/* Decides a request. A request that was made for other bundles than the evaluator's is denied with reason policy_error.
 * The decision can be read after every status; it denies unless the status is WRIT_OK. */
WRIT_API writ_status writ_evaluate(writ_evaluator* evaluator, const writ_request* request, writ_decision* decision);
/* Decides requests[i] into decisions[i] for every i < count. If one fails, the others are still decided. Returns the
 * status of the first that failed. The decisions must be different handles. */
WRIT_API writ_status writ_evaluate_batch(writ_evaluator* evaluator, writ_request* const* requests,
                                         writ_decision* const* decisions, size_t count);

/* ---- searching ------------------------------------------------------------------------------- */

/* The field of a request document that a search fills in. */
typedef enum writ_open {
    WRIT_OPEN_TOOL = 0,  /* which tools may this agent call? */
    WRIT_OPEN_SCOPE = 1, /* which scopes of this tool may it have? each scope is requested alone */
    WRIT_OPEN_AGENT = 2  /* which agents may call this tool? */
} writ_open;

/* The result of a search. */
typedef struct writ_search_result writ_search_result;
struct writ_reason;

/* Decides the request document once for each candidate. The candidate replaces the field `open` (a writ_open).
 * `candidates` is a JSON array of names, or of whole `tool` or `agent` objects. Empty text: all tools or scopes in the
 * bundles' catalogues; agents must be given. `limits` may be NULL. The caller frees *result, which is NULL unless the
 * result is WRIT_OK; it keeps the bundles alive. WRIT_ERROR_REQUEST: the request or a candidate is malformed.
 * Reference: docs/search-format.md. */
WRIT_API writ_status writ_search(writ_evaluator* evaluator, writ_text request, int open, writ_text candidates,
                                 const writ_request_limits* limits, writ_search_result** result, writ_errors* errors);
WRIT_API void writ_search_free(writ_search_result* result);

/* The answer for one candidate. The text is valid as long as the result. */
typedef struct writ_search_item {
    size_t struct_size;
    writ_text name;    /* of the tool, the scope or the agent */
    writ_text refused; /* code of the error if the request with this candidate is refused; otherwise empty */
    size_t scopes;     /* number of scopes that would be granted; 0 unless WRIT_PERMIT */
    size_t reasons;    /* number of reasons, as in the decision */
    int answer;        /* a writ_effect. WRIT_PERMIT: always; WRIT_NEEDS_APPROVAL: if approved; WRIT_DENY: never */
    bool wants_facts;  /* the answer is never only because facts are missing; it may change if they are stated */
} writ_search_item;

/* The number of items, one for each candidate. */
WRIT_API size_t writ_search_count(const writ_search_result* result);
/* Fills in *item, whose struct_size the caller sets. WRIT_ERROR_ARGUMENT: there is no such item. */
WRIT_API writ_status writ_search_at(const writ_search_result* result, size_t index, writ_search_item* item);
/* A scope of an item. Empty if there is none. */
WRIT_API writ_text writ_search_scope(const writ_search_result* result, size_t index, size_t scope);
/* Fills in *out, whose struct_size the caller sets, with a reason of an item. WRIT_ERROR_ARGUMENT: there is none. */
WRIT_API writ_status writ_search_reason(const writ_search_result* result, size_t index, size_t reason,
                                        struct writ_reason* out);
/* The whole result as one line of JSON, for operators. Valid until the next call of this function for the result, or
 * until the result is freed. Empty for NULL, or if there is no memory. */
WRIT_API writ_text writ_search_json(writ_search_result* result);

/* ---- decisions ------------------------------------------------------------------------------- */

/* Ordered by authority. */
typedef enum writ_effect { WRIT_DENY = 0, WRIT_NEEDS_APPROVAL = 1, WRIT_PERMIT = 2 } writ_effect;

/* For whom a decision is written. */
typedef enum writ_reader {
    WRIT_READER_CALLER = 0,  /* for the agent: nothing about the policy */
    WRIT_READER_OPERATOR = 1 /* for the operator: everything */
} writ_reader;

/* The `rule` of a reason that has no rule. */
#define WRIT_NO_RULE UINT32_MAX

/* Makes a decision that denies. Evaluations write their results into it, any number of times. NULL if there is no
 * memory. The text of a decision is valid until the next evaluation into it, or until it is freed. It also ends when
 * its request is parsed, begun again or freed, unless the decision is detached. */
WRIT_API writ_decision* writ_decision_new(void);
WRIT_API void writ_decision_free(writ_decision* decision);

WRIT_API writ_effect writ_decision_effect(const writ_decision* decision);

/* The grant: empty, 0 and false unless the effect is WRIT_PERMIT. */
WRIT_API size_t writ_decision_scope_count(const writ_decision* decision);
WRIT_API writ_text writ_decision_scope(const writ_decision* decision, size_t index);
WRIT_API size_t writ_decision_audience_count(const writ_decision* decision);
WRIT_API writ_text writ_decision_audience(const writ_decision* decision, size_t index);
/* The lifetime of the credential, in seconds. */
WRIT_API int64_t writ_decision_ttl(const writ_decision* decision);
/* Returns whether the grant has a horizon: the first moment at which the decision could become narrower if only the
 * time changes. If it has one, sets *micros to it, in microseconds since the epoch. `micros` may be NULL. */
WRIT_API bool writ_decision_not_after(const writ_decision* decision, int64_t* micros);
/* Whether the credential may be used only once. */
WRIT_API bool writ_decision_single_use(const writ_decision* decision);

/* An obligation. A broker that does not know the name must deny. */
typedef struct writ_obligation {
    size_t struct_size;
    writ_text name;
    writ_text args; /* canonical JSON object */
} writ_obligation;

/* For obligations, reasons and requirements: _count returns 0 for NULL. The other function fills in *out, whose
 * struct_size the caller sets. WRIT_ERROR_ARGUMENT: there is no such item. */
WRIT_API size_t writ_decision_obligation_count(const writ_decision* decision);
WRIT_API writ_status writ_decision_obligation(const writ_decision* decision, size_t index, writ_obligation* out);

/* A reason of the decision. */
typedef struct writ_reason {
    size_t struct_size;
    writ_text code; /* one of the engine's codes (docs/decision-format.md), or the name of a deny rule */
    writ_text fact; /* the fact that the reason is about; may be empty */
    uint32_t layer; /* index of the bundle */
    uint32_t rule;  /* index into that bundle's rules, or WRIT_NO_RULE */
} writ_reason;

WRIT_API size_t writ_decision_reason_count(const writ_decision* decision);
WRIT_API writ_status writ_decision_reason(const writ_decision* decision, size_t index, writ_reason* out);

/* An approval that the request needs. There are requirements only if the effect is WRIT_NEEDS_APPROVAL. */
typedef struct writ_requirement {
    size_t struct_size;
    uint32_t layer;   /* index of the bundle */
    uint32_t rule;    /* index into that bundle's rules */
    uint32_t needed;  /* number of different approvers */
    uint32_t counted; /* number of different approvers whose approvals in the request already count */
    int64_t within;   /* how long an approval stays fresh, in seconds */
    int64_t expires;  /* the time of the decision plus `within`, in microseconds since the epoch */
    size_t groups;    /* number of groups; members of any one of them may approve */
} writ_requirement;

WRIT_API size_t writ_decision_requirement_count(const writ_decision* decision);
WRIT_API writ_status writ_decision_requirement(const writ_decision* decision, size_t index, writ_requirement* out);
/* A group of a requirement. Empty if there is none. */
WRIT_API writ_text writ_decision_requirement_group(const writ_decision* decision, size_t index, size_t group);

/* The digest that an approval of this request must contain. Empty unless there are requirements or approvals were
 * used. */
WRIT_API writ_text writ_decision_binding_digest(const writ_decision* decision);
/* The decision as one line of JSON (docs/decision-format.md), for a writ_reader; any other number means
 * WRIT_READER_CALLER. Valid until the next call of this function for the decision, until the next evaluation into it,
 * or until it is freed. Empty for NULL, or if there is no memory. */
WRIT_API writ_text writ_decision_json(writ_decision* decision, int reader);

/* Copies the decision's text into the decision, so that it no longer depends on the request. The text is then valid
 * until the next evaluation into the decision, or until it is freed. If there is no memory, the decision becomes a
 * deny. */
WRIT_API writ_status writ_decision_detach(writ_decision* decision);
/* Returns whether a writ_pdp recorded the decision and the number of its record is known. If so, sets *record to the
 * number. `record` may be NULL. */
WRIT_API bool writ_decision_record(const writ_decision* decision, uint64_t* record);

/* ---- policy decision points: decide and record in one call (libwrit-pdp, pkg-config writ-pdp) ---- */

/* How requests are decided and recorded. The text is copied. `store`, `channel` and `ledger` are required. */
typedef struct writ_pdp_options {
    size_t struct_size;
    writ_text store;          /* the store's file */
    writ_text channel;        /* the channel to follow: its active version decides */
    writ_text ledger;         /* the ledger's folder; created if it does not exist */
    writ_text space;          /* the namespace in the store; empty: "default" */
    writ_text candidate;      /* a channel that also decides, but is never enforced; differing decisions are recorded */
    writ_text state;          /* the file that keeps the last good policy; empty: none is kept */
    const writ_text* keys;    /* public keys that may sign, one line each; none: signatures are not required */
    const writ_text* on_call; /* further public keys, which may sign only revocations; needs `keys` */
    size_t key_count;
    size_t on_call_count;
    const writ_text* mask; /* JSON Pointers to values that are recorded only as digests */
    size_t mask_count;
    writ_text mask_key; /* the key of these digests, 32 bytes; empty: the ledger's own key */
    uint32_t poll;      /* milliseconds between two checks of the store; default 10 */
    /* Milliseconds without an acceptable answer of the store until everything is denied; default 15 minutes. */
    uint32_t max_staleness;
    bool best_effort;  /* permit even if the decision cannot be recorded; such records are counted as dropped. Decisions
                        * with an idempotency key or a single-use approval need a record even then */
    bool digest_only;  /* record only a digest of each request; such records cannot be replayed */
    bool show_unknown; /* record claims that no bundle declares, and text parameters that no rule reads, unmasked */
    const writ_request_limits* limits; /* of each request document; NULL: the defaults */
    /* Bytes of records that the functions with _async may have waiting, and as many again of `best_effort`; a record
     * counts as 512 bytes more than it has. Default 64 MiB. */
    size_t queue_bytes;
} writ_pdp_options;

/* Opens the ledger, reads the store once, and then follows the channel on a thread of its own. A store that cannot be
 * read is not an error: until it can be read, requests are denied, or decided with the saved state. The caller frees
 * *pdp, which is NULL unless the result is WRIT_OK. */
WRIT_API writ_status writ_pdp_open(const writ_pdp_options* options, writ_pdp** pdp, writ_errors* errors);
/* Waits for what is pending, and calls the callbacks, which must then no longer use this handle. Every other call with
 * it must have returned. Decisions remain valid. */
WRIT_API void writ_pdp_free(writ_pdp* pdp);

/* Decides a request document with the active policy and the revocations in force, records the decision in the ledger,
 * and returns exactly the recorded decision. The decision is detached. `json` may be NULL. Otherwise *json is the
 * decision as one line of JSON for operators, with the number of its record; it is valid as long as the decision's
 * text. `traceparent` is as in W3C Trace Context; empty or malformed: none. Any thread, each with its own decision.
 * WRIT_ERROR_REQUEST: the document is refused; the refusal is recorded. WRIT_ERROR_LEDGER: nothing was recorded. After
 * these two, the decision's reasons say why. The decision denies unless the status is WRIT_OK. */
WRIT_API writ_status writ_pdp_decide(writ_pdp* pdp, writ_text request, writ_text traceparent, writ_decision* decision,
                                     writ_text* json, writ_errors* errors);
/* Records that a single-use grant is used. `name` is "grant:N", where N is the number of the decision's record. If
 * `record` is not NULL, *record is set to the number of the new record. WRIT_ERROR_LEDGER: the grant was used before
 * (G0025), there is no such grant, or the use cannot be recorded; the credential must then not be used. Any thread. */
WRIT_API writ_status writ_pdp_use(writ_pdp* pdp, writ_text name, uint64_t* record, writ_errors* errors);

/* Gets a decision that writ_pdp_decide_async left pending. Called once for each, on the ledger's own thread, in the
 * order of the records. `status` is as that of writ_pdp_decide. `decision` is a new, detached decision; free it with
 * writ_decision_free, on any thread; writ_decision_json has the JSON. `errors` is valid only during the call. While the
 * callback runs, nothing is recorded, so it should only hand the decision on. It must not throw; an exception ends the
 * program. It may call the functions with _async, but not writ_pdp_decide, writ_pdp_use or writ_pdp_free. */
typedef void (*writ_decided)(void* context, writ_status status, writ_decision* decision, const writ_errors* errors);
/* The same for writ_pdp_use_async, with the number of the new record; 0 unless `status` is WRIT_OK. */
typedef void (*writ_used)(void* context, writ_status status, uint64_t record, const writ_errors* errors);

/* As writ_pdp_decide, but returns as soon as the record is queued, and never waits for the disk. WRIT_PENDING: `done`
 * gets the decision once its record is durable; with `best_effort`, once it is written or dropped. It may be called
 * before this function returns. Until then nothing is permitted: *decision is a deny. Records are in the order of the
 * calls, apart from those of `best_effort`. Any other status: `done` is not called, and *decision and *json are those
 * of writ_pdp_decide. WRIT_ERROR_LEDGER: also if the queue is full (G0014). Keeps nothing of its arguments except
 * `context`. Any thread, each with its own decision. */
WRIT_API writ_status writ_pdp_decide_async(writ_pdp* pdp, writ_text request, writ_text traceparent, writ_decided done,
                                           void* context, writ_decision* decision, writ_text* json,
                                           writ_errors* errors);
/* As writ_pdp_use, but returns as soon as the record is queued. WRIT_PENDING: `done` gets the result. Any other status:
 * `done` is not called, and the credential must not be used. */
WRIT_API writ_status writ_pdp_use_async(writ_pdp* pdp, writ_text name, writ_used done, void* context,
                                        writ_errors* errors);

/* The state of a decision point. */
typedef struct writ_pdp_state {
    size_t struct_size;
    uint64_t epoch;       /* epoch of the activation that decides; 0: there is none */
    uint64_t number;      /* number of that activation in its epoch */
    uint64_t compared;    /* requests that the candidate decided too, or could not read */
    uint64_t diverged;    /* those for which its decision differed, or which it could not read */
    uint64_t dropped;     /* records that were dropped because of `best_effort` */
    uint64_t revocations; /* number of revocations in force */
    bool ready;           /* there is a policy, and it is fresh */
} writ_pdp_state;

/* Fills in *state, whose struct_size the caller sets. If something is wrong with the store, `problem` gets it as a
 * finding, and the status is still WRIT_OK. Any thread. */
WRIT_API writ_status writ_pdp_status(const writ_pdp* pdp, writ_pdp_state* state, writ_errors* problem);

/* ---- explaining (libwrit-compiler) ------------------------------------------------------------- */

/* The explanation of a decision. */
typedef struct writ_explanation writ_explanation;

/* Decides a request document with policy text, and explains the decision: the rules that mattered and the facts that
 * their conditions read; for a deny, the nearest permits and the smallest change that would have permitted. For
 * operators: it names rules and facts. `rule`: list only the rules with this name; empty text: list those that
 * mattered. Revocations are not considered. `options` and `limits` may be NULL. The caller frees *explanation, which is
 * NULL unless the result is WRIT_OK. WRIT_ERROR_ARGUMENT: also if there is no such rule (K0004). It compiles the policy
 * each time, so it is too slow to call for every request of a broker. Any thread. */
WRIT_API writ_status writ_explain(const writ_source* sources, size_t count, const writ_compile_options* options,
                                  writ_text request, writ_text rule, const writ_request_limits* limits,
                                  writ_explanation** explanation, writ_errors* errors);
/* One line of JSON (docs/explain-format.md). Valid as long as the explanation. */
WRIT_API writ_text writ_explanation_json(const writ_explanation* explanation);
WRIT_API void writ_explanation_free(writ_explanation* explanation);

/* ---- without structures as results -------------------------------------------------------------- */

/* The same functions for languages that cannot call a function that returns a structure. Each does the same as the
 * function of that name without _into, and writes the result to *out. WRIT_ERROR_ARGUMENT: `out` is NULL. */
WRIT_API writ_status writ_text_of_into(const char* text, writ_text* out);
WRIT_API writ_status writ_errors_at_into(const writ_errors* errors, size_t index, writ_error* out);
WRIT_API writ_status writ_bundle_digest_into(const writ_bundle* bundle, writ_text* out);
WRIT_API writ_status writ_bundle_bytes_into(const writ_bundle* bundle, writ_text* out);
WRIT_API writ_status writ_catalogue_json_into(const writ_catalogue* catalogue, writ_text* out);
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
