using Chat.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.SignalR;

namespace Chat.Api.Refusals;

/// <summary>
/// An expected "no", as a value: a stable code (<see cref="ErrorCodes"/>), a text for people, an HTTP status. Over HTTP it is a
/// ProblemDetails (RFC 9457) with <c>code</c>, over the hub a HubException <c>code: text</c>.
/// </summary>
public sealed record Refusal(string Code, string Text, int Status)
{
    /// <summary>Seconds after which trying again makes sense; becomes <c>Retry-After</c>.</summary>
    public int? RetryAfter { get; init; }

    public ProblemHttpResult ToProblem() => TypedResults.Problem(
        title: Text,
        statusCode: Status,
        extensions: RetryAfter is { } seconds
            ? new Dictionary<string, object?> { ["code"] = Code, ["retryAfter"] = seconds }
            : new Dictionary<string, object?> { ["code"] = Code });

    public HubException ToHubException() => new($"{Code}: {Text}");
}

/// <summary>A value, or why not.</summary>
public readonly struct Outcome<T>
{
    private readonly T? _value;

    private Outcome(T? value, Refusal? refusal)
    {
        _value = value;
        Refusal = refusal;
    }

    /// <summary>Null when there is a value.</summary>
    public Refusal? Refusal { get; }

    /// <exception cref="InvalidOperationException">It was refused.</exception>
    public T Value => Refusal is null ? _value! : throw new InvalidOperationException($"Refused: {Refusal.Code}.");

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Refusal refusal) => new(default, refusal);

    /// <summary>The value for a hub method's answer.</summary>
    /// <exception cref="HubException">It was refused.</exception>
    public T OrThrow() => Refusal is null ? _value! : throw Refusal.ToHubException();
}
