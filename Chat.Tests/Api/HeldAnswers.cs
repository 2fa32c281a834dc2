namespace Chat.Tests.Api;

/// <summary>Answers to calls that wait until the test gives one. One answer is for all who have asked since the one before.</summary>
internal sealed class HeldAnswers<T>
{
    private TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _asked;

    /// <summary>How many calls were made.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>A call: the next answer.</summary>
    public Task<T> AskAsync()
    {
        var answer = _answer.Task;
        Interlocked.Increment(ref _asked);
        return answer;
    }

    public void Answer(T value)
    {
        var answered = _answer;
        _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        answered.SetResult(value);
    }
}
